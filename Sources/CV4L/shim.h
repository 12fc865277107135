// V4L2 as Swift can call it: ioctl numbers are macros, v4l2_ioctl is variadic and the kernel's structures
// hold unions, none of which import. Flat structures and wrappers only; no policy lives here.
//
// Calls go through libv4l2, so that its plugins and its conversion to a few simple formats are used where a
// driver needs them; where none is needed it passes calls straight on. Every wrapper gives 0 or an errno.
#ifndef FUSION_CV4L_SHIM_H
#define FUSION_CV4L_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct fusion_video_format {
  uint32_t width, height, four_cc;
  /// Bytes from a row's start to the next one's; for NV12 those of the luma plane.
  uint32_t stride_bytes;
  uint32_t image_bytes;
};

struct fusion_video_buffer {
  uint32_t index, bytes_used, flags, sequence;
  int64_t stamp_seconds, stamp_microseconds;
};

/// One size that a driver offers: discrete, or from min to max (then `is_range` is 1).
struct fusion_video_size {
  uint32_t is_range;
  uint32_t min_width, min_height, max_width, max_height;
};

static const uint32_t fusion_video_flag_error = V4L2_BUF_FLAG_ERROR;
static const uint32_t fusion_video_clock_mask = V4L2_BUF_FLAG_TIMESTAMP_MASK;
static const uint32_t fusion_video_clock_monotonic = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
static const uint32_t fusion_video_clock_copy = V4L2_BUF_FLAG_TIMESTAMP_COPY;
static const uint32_t fusion_video_source_mask = V4L2_BUF_FLAG_TSTAMP_SRC_MASK;
static const uint32_t fusion_video_source_exposure = V4L2_BUF_FLAG_TSTAMP_SRC_SOE;
static const uint32_t fusion_video_can_capture = V4L2_CAP_VIDEO_CAPTURE;
static const uint32_t fusion_video_can_stream = V4L2_CAP_STREAMING;

static inline int fusion_video_ioctl(int fd, unsigned long request, void *argument) {
  int result;
  do { result = v4l2_ioctl(fd, request, argument); } while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

/// The node's descriptor, or minus an errno. What is not a V4L2 node gives ENOTTY.
static inline int fusion_video_open(const char *path) {
  int fd;
  do { fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); } while (fd < 0 && errno == EINTR);
  if (fd < 0) return -errno;
  // Asked plainly first: libv4l2 writes to stderr about what is not a camera.
  struct v4l2_capability capability;
  memset(&capability, 0, sizeof capability);
  if (ioctl(fd, VIDIOC_QUERYCAP, &capability) < 0) {
    int why = errno;
    close(fd);
    return -why;
  }
  // A refusal leaves a descriptor that libv4l2 does not know, whose calls it passes on unchanged.
  (void)v4l2_fd_open(fd, 0);
  return fd;
}

static inline void fusion_video_close(int fd) { (void)v4l2_close(fd); }

static inline int fusion_video_capabilities(int fd, uint32_t *capabilities) {
  struct v4l2_capability found;
  memset(&found, 0, sizeof found);
  int why = fusion_video_ioctl(fd, VIDIOC_QUERYCAP, &found);
  *capabilities = found.capabilities & V4L2_CAP_DEVICE_CAPS ? found.device_caps : found.capabilities;
  return why;
}

/// Asks for `format` and writes back what the driver settled on.
static inline int fusion_video_set_format(int fd, struct fusion_video_format *format) {
  struct v4l2_format wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  wanted.fmt.pix.width = format->width;
  wanted.fmt.pix.height = format->height;
  wanted.fmt.pix.pixelformat = format->four_cc;
  wanted.fmt.pix.field = V4L2_FIELD_NONE;
  int why = fusion_video_ioctl(fd, VIDIOC_S_FMT, &wanted);
  format->width = wanted.fmt.pix.width;
  format->height = wanted.fmt.pix.height;
  format->four_cc = wanted.fmt.pix.pixelformat;
  format->stride_bytes = wanted.fmt.pix.bytesperline;
  format->image_bytes = wanted.fmt.pix.sizeimage;
  return why;
}

/// Asks for a frame interval of `numerator / denominator` seconds; writes back the driver's.
static inline int fusion_video_set_interval(int fd, uint32_t *numerator, uint32_t *denominator) {
  struct v4l2_streamparm wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  wanted.parm.capture.timeperframe.numerator = *numerator;
  wanted.parm.capture.timeperframe.denominator = *denominator;
  int why = fusion_video_ioctl(fd, VIDIOC_S_PARM, &wanted);
  if (!why && !(wanted.parm.capture.capability & V4L2_CAP_TIMEPERFRAME)) why = ENOTTY;
  *numerator = wanted.parm.capture.timeperframe.numerator;
  *denominator = wanted.parm.capture.timeperframe.denominator;
  return why;
}

static inline int fusion_video_format_at(int fd, uint32_t index, uint32_t *four_cc) {
  struct v4l2_fmtdesc found;
  memset(&found, 0, sizeof found);
  found.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  found.index = index;
  int why = fusion_video_ioctl(fd, VIDIOC_ENUM_FMT, &found);
  *four_cc = found.pixelformat;
  return why;
}

static inline int fusion_video_size_at(
    int fd, uint32_t four_cc, uint32_t index, struct fusion_video_size *size) {
  struct v4l2_frmsizeenum found;
  memset(&found, 0, sizeof found);
  found.pixel_format = four_cc;
  found.index = index;
  int why = fusion_video_ioctl(fd, VIDIOC_ENUM_FRAMESIZES, &found);
  memset(size, 0, sizeof *size);
  if (why) return why;
  if (found.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    size->min_width = size->max_width = found.discrete.width;
    size->min_height = size->max_height = found.discrete.height;
  } else {
    size->is_range = 1;
    size->min_width = found.stepwise.min_width;
    size->min_height = found.stepwise.min_height;
    size->max_width = found.stepwise.max_width;
    size->max_height = found.stepwise.max_height;
  }
  return 0;
}

/// The seconds a frame may take at a size; of a range, its shortest.
static inline int fusion_video_interval_at(
    int fd, uint32_t four_cc, uint32_t width, uint32_t height, uint32_t index, uint32_t *numerator,
    uint32_t *denominator) {
  struct v4l2_frmivalenum found;
  memset(&found, 0, sizeof found);
  found.pixel_format = four_cc;
  found.width = width;
  found.height = height;
  found.index = index;
  int why = fusion_video_ioctl(fd, VIDIOC_ENUM_FRAMEINTERVALS, &found);
  struct v4l2_fract interval =
      found.type == V4L2_FRMIVAL_TYPE_DISCRETE ? found.discrete : found.stepwise.min;
  *numerator = interval.numerator;
  *denominator = interval.denominator;
  return why;
}

static inline int fusion_video_set_control(int fd, uint32_t control, int32_t value) {
  struct v4l2_control wanted = {.id = control, .value = value};
  return fusion_video_ioctl(fd, VIDIOC_S_CTRL, &wanted);
}

/// Asks for `*count` mapped buffers; writes back how many there are. Zero frees them.
static inline int fusion_video_request_buffers(int fd, uint32_t *count) {
  struct v4l2_requestbuffers wanted;
  memset(&wanted, 0, sizeof wanted);
  wanted.count = *count;
  wanted.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  wanted.memory = V4L2_MEMORY_MMAP;
  int why = fusion_video_ioctl(fd, VIDIOC_REQBUFS, &wanted);
  *count = wanted.count;
  return why;
}

/// The buffer's content mapped for reading. The driver only needs write access, which is its own.
static inline int fusion_video_map(int fd, uint32_t index, void **start, size_t *byte_count) {
  struct v4l2_buffer found;
  memset(&found, 0, sizeof found);
  found.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  found.memory = V4L2_MEMORY_MMAP;
  found.index = index;
  int why = fusion_video_ioctl(fd, VIDIOC_QUERYBUF, &found);
  if (why) return why;
  void *mapped = v4l2_mmap(NULL, found.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, found.m.offset);
  if (mapped == MAP_FAILED) return errno;
  *start = mapped;
  *byte_count = found.length;
  return 0;
}

static inline void fusion_video_unmap(void *start, size_t byte_count) {
  (void)v4l2_munmap(start, byte_count);
}

static inline int fusion_video_queue(int fd, uint32_t index) {
  struct v4l2_buffer buffer;
  memset(&buffer, 0, sizeof buffer);
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  buffer.index = index;
  return fusion_video_ioctl(fd, VIDIOC_QBUF, &buffer);
}

/// One try: EAGAIN where no buffer is filled, and EINTR is the caller's to judge.
static inline int fusion_video_dequeue(int fd, struct fusion_video_buffer *filled) {
  struct v4l2_buffer buffer;
  memset(&buffer, 0, sizeof buffer);
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  if (v4l2_ioctl(fd, VIDIOC_DQBUF, &buffer) < 0) return errno;
  filled->index = buffer.index;
  filled->bytes_used = buffer.bytesused;
  filled->flags = buffer.flags;
  filled->sequence = buffer.sequence;
  filled->stamp_seconds = buffer.timestamp.tv_sec;
  filled->stamp_microseconds = buffer.timestamp.tv_usec;
  return 0;
}

static inline int fusion_video_stream(int fd, int on) {
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  return fusion_video_ioctl(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

/// Waits for a filled buffer: poll's events (0 after the time), or minus an errno.
static inline int fusion_video_wait(int fd, int64_t timeout_nanoseconds) {
  struct pollfd waited = {.fd = fd, .events = POLLIN};
  struct timespec timeout = {
      .tv_sec = timeout_nanoseconds / 1000000000, .tv_nsec = timeout_nanoseconds % 1000000000};
  // ppoll's declaration wants _GNU_SOURCE, which would change fd_set under Swift's Glibc module.
  long result = syscall(SYS_ppoll, &waited, 1, &timeout, NULL, 0);
  if (result < 0) return -errno;
  return result == 0 ? 0 : waited.revents;
}

#endif
