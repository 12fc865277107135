// Linux interfaces that Swift cannot import by itself: variadic system calls, function-like macros,
// and structures glibc does not declare. Wrappers only; no logic lives here.
#ifndef FUSION_CLINUX_SHIM_H
#define FUSION_CLINUX_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
// Swift's Glibc module is built without _GNU_SOURCE, which names a member of fd_set differently, and the
// compiler refuses two definitions of one structure. So this header is read as Glibc's module reads it.
#include <features.h>
#pragma push_macro("__USE_XOPEN")
#undef __USE_XOPEN
#include <sys/select.h>
#pragma pop_macro("__USE_XOPEN")
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <linux/futex.h>
#include <linux/serial.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/// Waits until `*word != expected`, a wake, or the absolute CLOCK_MONOTONIC `deadline` (NULL: no limit).
static inline long fusion_futex_wait(uint32_t *word, uint32_t expected, const struct timespec *deadline) {
  return syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline, (void *)0,
                 FUTEX_BITSET_MATCH_ANY);
}

static inline long fusion_futex_wake(uint32_t *word, int waiters) {
  return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters, (void *)0, (void *)0, 0);
}

/// Waits until `*word != expected`, a wake, or `timeout` from now has passed.
static inline long fusion_futex_wait_for(uint32_t *word, uint32_t expected, const struct timespec *timeout) {
  return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout, (void *)0, 0);
}

static inline int fusion_gettid(void) { return (int)syscall(SYS_gettid); }

// Links: sockets, SocketCAN and serial lines. Calls that fail return -errno.

/// Waits for input. The kernel leaves in `remaining` what is left, also after a signal.
/// Gives the poll events, 0 when the time is up, or -errno.
static inline int fusion_wait_readable(int descriptor, struct timespec *remaining) {
  struct pollfd watched = {descriptor, POLLIN, 0};
  // The system call itself: glibc's ppoll hides the remaining time.
  long ready = syscall(SYS_ppoll, &watched, 1, remaining, (void *)0, 0);
  return ready < 0 ? -errno : ready == 0 ? 0 : watched.revents;
}

/// What came with a datagram in control messages.
struct fusion_receipt {
  int64_t stamp_seconds;
  int64_t stamp_nanoseconds;
  /// SO_RXQ_OVFL: datagrams this socket dropped before this one, modulo 2^32.
  uint32_t drops;
  uint32_t sender_address; // network order; 0 unless IPv4
  int32_t message_flags;
  uint16_t sender_port; // network order
  uint8_t has_stamp;
  uint8_t has_drops;
};

static inline long fusion_receive(int descriptor, void *bytes, size_t count, struct fusion_receipt *receipt) {
  struct sockaddr_storage sender;
  struct iovec vector = {bytes, count};
  union {
    char bytes[256];
    struct cmsghdr aligned;
  } control;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  memset(receipt, 0, sizeof *receipt);
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t received = recvmsg(descriptor, &message, MSG_DONTWAIT);
  if (received < 0) return -errno;
  receipt->message_flags = message.msg_flags;
  if (message.msg_namelen >= sizeof(struct sockaddr_in) && sender.ss_family == AF_INET) {
    struct sockaddr_in address;
    memcpy(&address, &sender, sizeof address);
    receipt->sender_address = address.sin_addr.s_addr;
    receipt->sender_port = address.sin_port;
  }
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SO_TIMESTAMPNS && part->cmsg_len >= CMSG_LEN(sizeof(struct timespec))) {
      struct timespec stamp;
      memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      receipt->stamp_seconds = stamp.tv_sec;
      receipt->stamp_nanoseconds = stamp.tv_nsec;
      receipt->has_stamp = 1;
    } else if (part->cmsg_type == SO_RXQ_OVFL && part->cmsg_len >= CMSG_LEN(sizeof(uint32_t))) {
      memcpy(&receipt->drops, CMSG_DATA(part), sizeof receipt->drops);
      receipt->has_drops = 1;
    }
  }
  return received;
}

static const int fusion_SO_TIMESTAMPNS = SO_TIMESTAMPNS;
static const int fusion_SO_RXQ_OVFL = SO_RXQ_OVFL;
static const int fusion_SO_RCVBUFFORCE = SO_RCVBUFFORCE;
static const int fusion_SOL_CAN_RAW = SOL_CAN_RAW;
static const int fusion_MSG_TRUNC = MSG_TRUNC;

static inline int fusion_set_option(int descriptor, int level, int option, int value) {
  return setsockopt(descriptor, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

/// The option's value, or -errno.
static inline int fusion_get_option(int descriptor, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, level, option, &value, &size) < 0 ? -errno : value;
}

static inline int fusion_socket(int domain, int type, int protocol) {
  int descriptor = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  return descriptor < 0 ? -errno : descriptor;
}

/// Address and port in network order.
static inline int fusion_bind_ipv4(int descriptor, uint32_t address, uint16_t port) {
  struct sockaddr_in local;
  memset(&local, 0, sizeof local);
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = address;
  local.sin_port = port;
  return bind(descriptor, (const struct sockaddr *)&local, sizeof local) < 0 ? -errno : 0;
}

/// The local port in network order, or -errno.
static inline int fusion_bound_port(int descriptor) {
  struct sockaddr_in local;
  socklen_t size = sizeof local;
  return getsockname(descriptor, (struct sockaddr *)&local, &size) < 0 ? -errno : local.sin_port;
}

/// Group and interface address in network order.
static inline int fusion_join_group(int descriptor, uint32_t group, uint32_t interface) {
  struct ip_mreq request;
  memset(&request, 0, sizeof request);
  request.imr_multiaddr.s_addr = group;
  request.imr_interface.s_addr = interface;
  return setsockopt(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) < 0 ? -errno : 0;
}

static inline int fusion_bind_can(int descriptor, int interface) {
  struct sockaddr_can address;
  memset(&address, 0, sizeof address);
  address.can_family = AF_CAN;
  address.can_ifindex = interface;
  return bind(descriptor, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
}

static inline int fusion_can_filter(int descriptor, const struct can_filter *filters, size_t count) {
  return setsockopt(descriptor, SOL_CAN_RAW, CAN_RAW_FILTER, filters, count * sizeof *filters) < 0 ? -errno : 0;
}

/// A termios flag set that lets every byte through: 8 data bits, no parity, 1 stop bit, no flow control.
static inline int fusion_serial_configure(int descriptor, uint32_t speed) {
  struct termios line;
  if (tcgetattr(descriptor, &line) < 0) return -errno;
  cfmakeraw(&line);
  line.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB | CRTSCTS | CSIZE);
  line.c_cflag |= CS8 | CREAD | CLOCAL;
  line.c_iflag &= ~(tcflag_t)(INPCK | IXOFF | IXANY);
  // A read without input says EAGAIN, so that 0 can only mean a hang-up.
  line.c_cc[VMIN] = 1;
  line.c_cc[VTIME] = 0;
  if (cfsetispeed(&line, speed) < 0 || cfsetospeed(&line, speed) < 0) return -errno;
  if (tcsetattr(descriptor, TCSANOW, &line) < 0) return -errno;
  // tcsetattr succeeds when any of the wishes was granted.
  struct termios granted;
  if (tcgetattr(descriptor, &granted) < 0) return -errno;
  if (cfgetispeed(&granted) != speed || cfgetospeed(&granted) != speed) return -EINVAL;
  if ((granted.c_cflag & (CSIZE | PARENB | CSTOPB)) != CS8) return -EINVAL;
  tcflush(descriptor, TCIFLUSH);
  return 0;
}

/// Keeps a second program from opening the line and taking half of its bytes.
static inline int fusion_serial_exclusive(int descriptor) {
  return ioctl(descriptor, TIOCEXCL) < 0 ? -errno : 0;
}

/// Asks the driver to hand bytes on at once (an FTDI otherwise holds them for 16 ms).
static inline int fusion_serial_low_latency(int descriptor) {
  struct serial_struct line;
  if (ioctl(descriptor, TIOCGSERIAL, &line) < 0) return -errno;
  line.flags |= ASYNC_LOW_LATENCY;
  return ioctl(descriptor, TIOCSSERIAL, &line) < 0 ? -errno : 0;
}

/// Bytes lost in the UART and in the line's buffer since the driver was loaded, or -errno.
static inline int fusion_serial_overruns(int descriptor) {
  struct serial_icounter_struct counts;
  memset(&counts, 0, sizeof counts);
  if (ioctl(descriptor, TIOCGICOUNT, &counts) < 0) return -errno;
  return (int)(((unsigned)counts.overrun + (unsigned)counts.buf_overrun) & 0x7FFFFFFF);
}

static inline int fusion_open(const char *path, int flags) {
  int descriptor = open(path, flags | O_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

static inline long fusion_read(int descriptor, void *bytes, size_t count) {
  ssize_t got = read(descriptor, bytes, count);
  return got < 0 ? -errno : got;
}

#endif
