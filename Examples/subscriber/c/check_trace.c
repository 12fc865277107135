/* Replays a trace of frames and output calls, and prints each verdict and output: the tests compare this
 * with what the Swift receiver said, bit for bit. Trace: settings, then records {u8 kind, i64 ns, u16 count,
 * bytes}; kind 0 receives, 1 asks for the output, 2 decodes alone. See CommandTraceTests.swift. */
#include "fusion_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t bits(double value) {
  uint64_t result;
  memcpy(&result, &value, sizeof result);
  return result;
}

static uint32_t bits32(float value) {
  uint32_t result;
  memcpy(&result, &value, sizeof result);
  return result;
}

static void print_decoded(const uint8_t *bytes, size_t count) {
  fusion_command c;
  fusion_refusal refusal = fusion_decode(bytes, count, &c);
  if (refusal != FUSION_ACCEPTED) {
    printf("D x %d\n", (int)refusal);
    return;
  }
  printf("D %" PRIx64 " %" PRIx64 " %u %u %u %" PRIx64 " %" PRIu32 " %" PRIu32, fusion_read(c.topic, 0, 8),
         fusion_read(c.topic, 8, 8), c.flags, c.source, c.data_id, c.session, c.counter, c.valid_for_us);
  printf(" %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64, c.frame, c.slot, c.sensed_at_ns, c.decided_at_ns);
  printf(" %" PRIx64 " %" PRIx64 " %" PRIx64 " %u %u", bits(c.value), bits(c.second_value),
         bits(c.rate_limit), c.mode, c.reason);
  for (int i = 0; i < FUSION_AGES; i++) printf(" %u:%" PRIu32, c.ages[i].source, c.ages[i].age_us);
  for (int i = 0; i < FUSION_TAIL_POINTS; i++)
    printf(" %" PRIu32 ":%" PRIx32, c.tail[i].after_us, bits32(c.tail[i].value));
  printf("\n");
}

int main(int argc, char **argv) {
  uint8_t head[64], record[11], bytes[65536];
  fusion_settings settings;
  fusion_receiver receiver;
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL || fread(head, 1, sizeof head, file) != sizeof head) {
    fprintf(stderr, "usage: check_trace TRACE\n");
    return 64;
  }
  head[15] = 0;
  if (!fusion_settings_init(&settings, (const char *)head, (uint16_t)fusion_read(head, 16, 2),
                            (uint16_t)fusion_read(head, 18, 2), fusion_read_f64(head, 32),
                            fusion_read_f64(head, 40), fusion_read_f64(head, 48), fusion_read_f64(head, 56)))
    return 65;
  settings.tolerated_losses = (uint32_t)fusion_read(head, 20, 4);
  settings.maximum_valid_for_us = (uint32_t)fusion_read(head, 24, 4);
  settings.shares_clock = head[28] != 0;
  fusion_receiver_init(&receiver, &settings);
  while (fread(record, 1, sizeof record, file) == sizeof record) {
    int64_t now = fusion_read_i64(record, 1);
    size_t count = (size_t)fusion_read(record, 9, 2);
    if (fread(bytes, 1, count, file) != count) return 65;
    if (record[0] == 0) {
      /* A copy of its own, so that a sanitizer sees any read past the end. */
      uint8_t *own = malloc(count > 0 ? count : 1);
      uint32_t lost = 0;
      if (own == NULL) return 70;
      memcpy(own, bytes, count);
      fusion_refusal refusal = fusion_receive(&receiver, own, count, now, &lost);
      free(own);
      if (refusal == FUSION_ACCEPTED)
        printf("A %" PRIu32 "\n", lost);
      else
        printf("R %d\n", (int)refusal);
    } else if (record[0] == 1) {
      fusion_output out = fusion_receiver_output(&receiver, now);
      printf("O %d %d %" PRIx64 " %" PRIx64 "\n", (int)out.state, (int)out.mode, bits(out.value),
             bits(out.second_value));
    } else {
      print_decoded(bytes, count);
    }
  }
  printf("C %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, receiver.accepted, receiver.lost,
         receiver.timeouts, receiver.sessions);
  for (int i = 0; i < FUSION_REFUSALS; i++) printf(" %" PRIu64, receiver.refused[i]);
  printf("\n");
  fclose(file);
  return 0;
}
