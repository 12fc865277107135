/* Receives command frames (layout v1, docs/formats/command-frame.md) in C99, without allocation.
 *
 *   fusion_settings settings;
 *   fusion_receiver receiver;
 *   fusion_settings_init(&settings, "act/steering", 1, 1, -0.6, 0.6, INFINITY, 0.0);
 *   fusion_receiver_init(&receiver, &settings);
 *   ... for each frame:     fusion_receive(&receiver, bytes, length, monotonic_ns);
 *   ... at your own rate:   fusion_output out = fusion_receiver_output(&receiver, monotonic_ns);
 *                           if (out.mode != FUSION_INHIBIT) drive(out.value);
 *
 * Subscribe to the 16 bytes of settings.topic, with ZMQ_CONFLATE. Call fusion_receiver_output whether or not
 * anything came: it is what makes silence safe. Times are the receiver's own CLOCK_MONOTONIC, nanoseconds,
 * never going back. Nothing here keeps a pointer to `bytes`. One receiver belongs to one thread.
 * Needs IEEE 754 float and double. Mirrors Sources/FusionPipeline/Commands/CommandReceiver.swift.
 */
#ifndef FUSION_COMMAND_H
#define FUSION_COMMAND_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FUSION_FRAME_BYTES 208u
#define FUSION_TOPIC_BYTES 16u
#define FUSION_AGES 4
#define FUSION_TAIL_POINTS 8
#define FUSION_SESSIONS_LEFT 8

enum { FUSION_FLAG_FROM_GUARD = 1, FUSION_FLAG_LIMITED = 2, FUSION_FLAG_FINAL = 4 };

typedef enum {
  FUSION_INHIBIT = 0,
  FUSION_AUTO = 1,
  FUSION_DEGRADED_MODE = 2,
  FUSION_SAFE_STOP = 3,
  FUSION_EMERGENCY = 4
} fusion_mode;

typedef enum {
  FUSION_NO_DATA = 0,
  FUSION_OK = 1,
  FUSION_DEGRADED = 2,
  FUSION_INVALID = 3,
  FUSION_STOP_TAIL = 4,
  FUSION_SAFE = 5
} fusion_state;

/* Why a frame is not used. FUSION_ACCEPTED is no refusal. */
typedef enum {
  FUSION_ACCEPTED = -1,
  FUSION_BAD_LENGTH = 0,
  FUSION_BAD_MAGIC = 1,
  FUSION_BAD_VERSION = 2,
  FUSION_BAD_CHECKSUM = 3,
  FUSION_BAD_TOPIC = 4,
  FUSION_BAD_MODE = 5,
  FUSION_NOT_FINITE = 6,
  FUSION_BAD_DATA_ID = 7,
  FUSION_BAD_SOURCE = 8,
  FUSION_OUT_OF_RANGE = 9,
  FUSION_FOREIGN_SESSION = 10,
  FUSION_REPEATED = 11,
  FUSION_OLD = 12,
  FUSION_AFTER_FINAL = 13,
  FUSION_STALE = 14,
  FUSION_REFUSALS = 15
} fusion_refusal;

typedef struct {
  uint8_t topic[FUSION_TOPIC_BYTES];
  uint16_t flags, source, data_id;
  uint64_t session;
  uint32_t counter, valid_for_us;
  uint64_t frame, slot;
  int64_t sensed_at_ns, decided_at_ns;
  double value, second_value, rate_limit;
  uint8_t mode, reason;
  struct {
    uint16_t source;
    uint32_t age_us;
  } ages[FUSION_AGES];
  struct {
    uint32_t after_us;
    float value;
  } tail[FUSION_TAIL_POINTS];
} fusion_command;

typedef struct {
  uint8_t topic[FUSION_TOPIC_BYTES];
  uint16_t data_id, source;
  double minimum, maximum, rate_limit, safe_value;
  uint32_t tolerated_losses;      /* more lost at once is FUSION_INVALID */
  uint32_t maximum_valid_for_us;  /* no command holds longer */
  bool shares_clock;              /* publisher's CLOCK_MONOTONIC is ours: same host */
} fusion_settings;

typedef struct {
  fusion_settings settings;
  uint64_t accepted, lost, timeouts, sessions;
  uint64_t refused[FUSION_REFUSALS];
  /* Below: the receiver's own. */
  fusion_command newest;
  bool has_newest, has_ended, has_timed_out, has_driven;
  fusion_state health;
  int64_t received_at, valid_until, promptest, promptest_at, driven_at;
  double driven;
  uint32_t newest_counter;
  uint64_t left[FUSION_SESSIONS_LEFT], left_count;
} fusion_receiver;

typedef struct {
  double value, second_value;
  fusion_mode mode; /* FUSION_INHIBIT: do not drive */
  fusion_state state;
} fusion_output;

/* ---- numbers ---- */

static inline uint64_t fusion_read(const uint8_t *bytes, size_t offset, int count) {
  uint64_t value = 0;
  for (int i = count - 1; i >= 0; i--) value = value << 8 | bytes[offset + (size_t)i];
  return value;
}
static inline int64_t fusion_read_i64(const uint8_t *bytes, size_t offset) {
  uint64_t bits = fusion_read(bytes, offset, 8);
  int64_t value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline double fusion_read_f64(const uint8_t *bytes, size_t offset) {
  uint64_t bits = fusion_read(bytes, offset, 8);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline float fusion_read_f32(const uint8_t *bytes, size_t offset) {
  uint32_t bits = (uint32_t)fusion_read(bytes, offset, 4);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Saturating: stamps come from outside, and signed overflow is undefined in C. */
static inline int64_t fusion_add(int64_t a, int64_t b) {
  if (b > 0 && a > INT64_MAX - b) return INT64_MAX;
  if (b < 0 && a < INT64_MIN - b) return INT64_MIN;
  return a + b;
}
static inline int64_t fusion_subtract(int64_t a, int64_t b) {
  if (b < 0 && a > INT64_MAX + b) return INT64_MAX;
  if (b > 0 && a < INT64_MIN + b) return INT64_MIN;
  return a - b;
}

/* zlib's CRC-32, half a byte at a time. */
static inline uint32_t fusion_crc32(const uint8_t *bytes, size_t count) {
  static const uint32_t table[16] = {
      0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
      0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
      0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    crc = crc >> 4 ^ table[crc & 15u];
    crc = crc >> 4 ^ table[crc & 15u];
  }
  return ~crc;
}

/* ---- decoding ---- */

static inline bool fusion_topic_is_valid(const uint8_t *topic) {
  size_t count = 0;
  while (count < FUSION_TOPIC_BYTES && topic[count] != 0) count++;
  if (count == 0 || count == FUSION_TOPIC_BYTES) return false;
  for (size_t i = count; i < FUSION_TOPIC_BYTES; i++)
    if (topic[i] != 0) return false;
  return true;
}

/* Fills `out` and gives FUSION_ACCEPTED, or says what is wrong with the bytes. Takes any bytes. */
static inline fusion_refusal fusion_decode(const uint8_t *bytes, size_t count, fusion_command *out) {
  if (count < 26) return FUSION_BAD_LENGTH;
  if (fusion_read(bytes, 16, 4) != 0x444d4346u) return FUSION_BAD_MAGIC;
  if (fusion_read(bytes, 20, 2) != 1) return FUSION_BAD_VERSION;
  if (count != FUSION_FRAME_BYTES || fusion_read(bytes, 24, 2) != FUSION_FRAME_BYTES)
    return FUSION_BAD_LENGTH;
  if (fusion_read(bytes, 204, 4) != fusion_crc32(bytes, 204)) return FUSION_BAD_CHECKSUM;
  if (!fusion_topic_is_valid(bytes)) return FUSION_BAD_TOPIC;
  if (bytes[104] > FUSION_EMERGENCY) return FUSION_BAD_MODE;
  memcpy(out->topic, bytes, FUSION_TOPIC_BYTES);
  out->flags = (uint16_t)fusion_read(bytes, 22, 2);
  out->source = (uint16_t)fusion_read(bytes, 26, 2);
  out->data_id = (uint16_t)fusion_read(bytes, 28, 2);
  out->session = fusion_read(bytes, 32, 8);
  out->counter = (uint32_t)fusion_read(bytes, 40, 4);
  out->valid_for_us = (uint32_t)fusion_read(bytes, 44, 4);
  out->frame = fusion_read(bytes, 48, 8);
  out->slot = fusion_read(bytes, 56, 8);
  out->sensed_at_ns = fusion_read_i64(bytes, 64);
  out->decided_at_ns = fusion_read_i64(bytes, 72);
  out->value = fusion_read_f64(bytes, 80);
  out->second_value = fusion_read_f64(bytes, 88);
  out->rate_limit = fusion_read_f64(bytes, 96);
  out->mode = bytes[104];
  out->reason = bytes[105];
  for (size_t i = 0; i < FUSION_AGES; i++) {
    out->ages[i].source = (uint16_t)fusion_read(bytes, 108 + 8 * i, 2);
    out->ages[i].age_us = (uint32_t)fusion_read(bytes, 112 + 8 * i, 4);
  }
  if (!isfinite(out->value) || !isfinite(out->second_value) || !(out->rate_limit >= 0))
    return FUSION_NOT_FINITE;
  for (size_t i = 0; i < FUSION_TAIL_POINTS; i++) {
    out->tail[i].after_us = (uint32_t)fusion_read(bytes, 140 + 8 * i, 4);
    out->tail[i].value = fusion_read_f32(bytes, 144 + 8 * i);
    if (!isfinite(out->tail[i].value)) return FUSION_NOT_FINITE;
  }
  return FUSION_ACCEPTED;
}

/* ---- the stop tail ---- */

static inline uint32_t fusion_tail_end_us(const fusion_command *command) {
  uint32_t end = 0;
  for (int i = 0; i < FUSION_TAIL_POINTS && command->tail[i].after_us > end; i++)
    end = command->tail[i].after_us;
  return end;
}

static inline double fusion_tail_value(const fusion_command *command, uint32_t elapsed_us) {
  uint32_t from_time = 0;
  double from_value = command->value;
  for (int i = 0; i < FUSION_TAIL_POINTS && command->tail[i].after_us > from_time; i++) {
    uint32_t time = command->tail[i].after_us;
    double value = (double)command->tail[i].value;
    if (elapsed_us <= time) {
      double share = (double)(elapsed_us - from_time) / (double)(time - from_time);
      return from_value + (value - from_value) * share;
    }
    from_time = time;
    from_value = value;
  }
  return from_value;
}

/* ---- the receiver ---- */

/* False when the topic does not have 1 to 15 bytes. Limits that make no sense fall to the safe side. */
static inline bool fusion_settings_init(fusion_settings *settings, const char *topic, uint16_t data_id,
                                        uint16_t source, double minimum, double maximum,
                                        double rate_limit, double safe_value) {
  size_t count = strlen(topic);
  memset(settings, 0, sizeof *settings);
  if (count == 0 || count >= FUSION_TOPIC_BYTES) return false;
  memcpy(settings->topic, topic, count);
  settings->data_id = data_id;
  settings->source = source;
  settings->safe_value = isfinite(safe_value) ? safe_value : 0;
  settings->minimum = minimum <= maximum ? minimum : settings->safe_value;
  settings->maximum = minimum <= maximum ? maximum : settings->safe_value;
  settings->rate_limit = rate_limit >= 0 ? rate_limit : INFINITY;
  settings->tolerated_losses = 2;
  settings->maximum_valid_for_us = 1000000;
  return true;
}

static inline void fusion_receiver_init(fusion_receiver *receiver, const fusion_settings *settings) {
  memset(receiver, 0, sizeof *receiver);
  receiver->settings = *settings;
  receiver->received_at = receiver->valid_until = INT64_MIN;
  receiver->promptest_at = receiver->driven_at = INT64_MIN;
}

static inline int64_t fusion_validity_ns(const fusion_receiver *r, const fusion_command *command) {
  uint32_t bound = r->settings.maximum_valid_for_us;
  return (int64_t)(command->valid_for_us < bound ? command->valid_for_us : bound) * 1000;
}

static inline void fusion_notice_timeout(fusion_receiver *r, int64_t now) {
  if (!r->has_newest || r->has_timed_out || now < r->valid_until) return;
  r->has_timed_out = true;
  if (!r->has_ended) r->timeouts++;
}

static inline int64_t fusion_first_arrival(const fusion_receiver *r, const fusion_command *c, int64_t now) {
  return r->settings.shares_clock ? 0 : fusion_subtract(now, c->decided_at_ns);
}

/* The promptest arrival of the session, with what 200 ppm of drift may have added since. */
static inline int64_t fusion_expected_arrival(const fusion_receiver *r, int64_t now) {
  if (r->settings.shares_clock) return 0;
  return fusion_add(r->promptest, fusion_subtract(now, r->promptest_at) / 5000);
}

static inline bool fusion_is_stale(const fusion_receiver *r, const fusion_command *c, int64_t now,
                                   int64_t promptest) {
  int64_t delay = fusion_subtract(now, c->decided_at_ns);
  return fusion_subtract(delay, promptest) >= fusion_validity_ns(r, c);
}

static inline bool fusion_has_left(const fusion_receiver *r, uint64_t session) {
  for (uint64_t i = 0; i < FUSION_SESSIONS_LEFT && i < r->left_count; i++)
    if (r->left[i] == session) return true;
  return false;
}

static inline fusion_refusal fusion_check(fusion_receiver *r, const fusion_command *c, int64_t now,
                                          uint32_t *lost) {
  const fusion_settings *s = &r->settings;
  *lost = 0;
  if (memcmp(c->topic, s->topic, FUSION_TOPIC_BYTES) != 0) return FUSION_BAD_TOPIC;
  if (c->data_id != s->data_id) return FUSION_BAD_DATA_ID;
  if (c->source != s->source) return FUSION_BAD_SOURCE;
  if (c->mode != FUSION_INHIBIT && !(s->minimum <= c->value && c->value <= s->maximum))
    return FUSION_OUT_OF_RANGE;
  if (!r->has_newest || c->session != r->newest.session) {
    if (r->has_newest && (now < r->valid_until || fusion_has_left(r, c->session)))
      return FUSION_FOREIGN_SESSION;
    return fusion_is_stale(r, c, now, fusion_first_arrival(r, c, now)) ? FUSION_STALE : FUSION_ACCEPTED;
  }
  uint32_t step = c->counter - r->newest_counter;
  if (step == 0) return FUSION_REPEATED;
  if (step >= 0x80000000u) return FUSION_OLD;
  if (r->has_ended) return FUSION_AFTER_FINAL;
  if (fusion_is_stale(r, c, now, fusion_expected_arrival(r, now))) {
    r->newest_counter = c->counter;
    return FUSION_STALE;
  }
  *lost = step - 1;
  return FUSION_ACCEPTED;
}

/* Judges one frame received at `now`. `lost` (may be NULL): commands that never came before it. */
static inline fusion_refusal fusion_receive(fusion_receiver *r, const uint8_t *bytes, size_t count,
                                            int64_t now, uint32_t *lost) {
  fusion_command command;
  uint32_t gap = 0;
  fusion_notice_timeout(r, now);
  fusion_refusal refusal = fusion_decode(bytes, count, &command);
  if (refusal == FUSION_ACCEPTED) refusal = fusion_check(r, &command, now, &gap);
  if (lost != NULL) *lost = gap;
  if (refusal != FUSION_ACCEPTED) {
    r->refused[refusal]++;
    if (r->has_newest) r->health = FUSION_INVALID;
    return refusal;
  }
  if (!r->has_newest || r->newest.session != command.session) {
    if (r->has_newest) r->left[r->left_count++ % FUSION_SESSIONS_LEFT] = r->newest.session;
    r->sessions++;
    r->promptest = fusion_first_arrival(r, &command, now);
    r->promptest_at = now;
  } else if (!r->settings.shares_clock &&
             fusion_subtract(now, command.decided_at_ns) < fusion_expected_arrival(r, now)) {
    r->promptest = fusion_subtract(now, command.decided_at_ns);
    r->promptest_at = now;
  }
  r->newest = command;
  r->has_newest = true;
  r->newest_counter = command.counter;
  r->has_ended = (command.flags & FUSION_FLAG_FINAL) != 0;
  r->received_at = now;
  r->valid_until = fusion_add(now, fusion_validity_ns(r, &command));
  r->has_timed_out = false;
  r->health = gap == 0 ? FUSION_OK : gap <= r->settings.tolerated_losses ? FUSION_DEGRADED : FUSION_INVALID;
  r->accepted++;
  r->lost += gap;
  return FUSION_ACCEPTED;
}

static inline double fusion_approach(fusion_receiver *r, double target, double limit, int64_t now) {
  double value = target;
  if (r->has_driven && limit < INFINITY) {
    int64_t since = fusion_subtract(now, r->driven_at);
    double step = limit * (double)(since > 0 ? since : 0) * 1e-9;
    if (target - r->driven > step)
      value = r->driven + step;
    else if (r->driven - target > step)
      value = r->driven - step;
  }
  r->has_driven = true;
  r->driven = value;
  if (now > r->driven_at) r->driven_at = now;
  return value;
}

/* What the actuator is to do at `now`. Call at the actuator's rate, whether or not anything came. */
static inline fusion_output fusion_receiver_output(fusion_receiver *r, int64_t now) {
  const fusion_settings *s = &r->settings;
  const fusion_command *c = &r->newest;
  fusion_output out = {s->safe_value, 0, FUSION_INHIBIT, FUSION_NO_DATA};
  fusion_notice_timeout(r, now);
  bool holds = now < r->valid_until;
  if (!r->has_newest || c->mode == FUSION_INHIBIT) {
    if (r->has_newest) out.state = holds ? r->health : FUSION_SAFE;
    r->has_driven = false;
    return out;
  }
  if (holds && !r->has_ended) {
    double limit = c->rate_limit < s->rate_limit ? c->rate_limit : s->rate_limit;
    out.value = fusion_approach(r, c->value, limit, now);
    out.second_value = c->second_value;
    out.mode = (fusion_mode)c->mode;
    out.state = r->health;
    return out;
  }
  int64_t elapsed = fusion_subtract(now, r->received_at);
  if (elapsed < 0) elapsed = 0;
  out.mode = c->mode == FUSION_EMERGENCY ? FUSION_EMERGENCY : FUSION_SAFE_STOP;
  if (elapsed < (int64_t)fusion_tail_end_us(c) * 1000) {
    double planned = fusion_tail_value(c, (uint32_t)(elapsed / 1000));
    if (planned > s->maximum) planned = s->maximum;
    if (planned < s->minimum) planned = s->minimum;
    out.value = fusion_approach(r, planned, s->rate_limit, now);
    out.state = FUSION_STOP_TAIL;
  } else {
    out.value = fusion_approach(r, s->safe_value, s->rate_limit, now);
    out.state = FUSION_SAFE;
  }
  return out;
}

/* ---- names, for people ---- */

static inline const char *fusion_mode_name(int mode) {
  static const char *const names[] = {"inhibit", "auto", "degraded", "safe_stop", "emergency"};
  return mode >= 0 && mode < 5 ? names[mode] : "unknown";
}
static inline const char *fusion_state_name(int state) {
  static const char *const names[] = {"no data", "ok", "degraded", "invalid", "stop tail", "safe"};
  return state >= 0 && state < 6 ? names[state] : "unknown";
}
static inline const char *fusion_refusal_name(int refusal) {
  static const char *const names[] = {
      "length", "magic", "version", "checksum", "topic", "mode", "not finite", "data id",
      "source", "out of range", "session", "repeated", "old", "after final", "stale"};
  return refusal >= 0 && refusal < FUSION_REFUSALS ? names[refusal] : "accepted";
}

#endif
