/* An actuator's side in C: receives one actuator's commands over ZeroMQ and says what it would do.
 *
 *   cc -std=c99 -O2 -o subscribe main.c -lzmq -lm
 *   ./subscribe ENDPOINT [TOPIC DATA_ID SOURCE MINIMUM MAXIMUM SAFE [SECONDS]]
 */
#define _POSIX_C_SOURCE 200809L
#include "fusion_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

static int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void set_option(void *socket, int option, int value) {
  if (zmq_setsockopt(socket, option, &value, sizeof value) != 0)
    fprintf(stderr, "socket option %d: %s\n", option, zmq_strerror(zmq_errno()));
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 8 && argc != 9) {
    fprintf(stderr, "usage: %s ENDPOINT [TOPIC DATA_ID SOURCE MINIMUM MAXIMUM SAFE [SECONDS]]\n", argv[0]);
    return 64;
  }
  const bool given = argc >= 8;
  fusion_settings settings;
  if (!fusion_settings_init(&settings, given ? argv[2] : "act/steering",
                            (uint16_t)(given ? atoi(argv[3]) : 1), (uint16_t)(given ? atoi(argv[4]) : 1),
                            given ? atof(argv[5]) : -0.6, given ? atof(argv[6]) : 0.6, INFINITY,
                            given ? atof(argv[7]) : 0)) {
    fprintf(stderr, "the topic must have 1 to 15 bytes\n");
    return 64;
  }
  const int64_t end = argc == 9 ? monotonic_ns() + (int64_t)(atof(argv[8]) * 1e9) : INT64_MAX;
  fusion_receiver receiver;
  fusion_receiver_init(&receiver, &settings);

  void *context = zmq_ctx_new();
  void *socket = zmq_socket(context, ZMQ_SUB);
  set_option(socket, ZMQ_CONFLATE, 1); /* the newest command only; before connect */
  set_option(socket, ZMQ_LINGER, 0);
  /* All 16 bytes, so that act/brake is not act/brakelight. */
  zmq_setsockopt(socket, ZMQ_SUBSCRIBE, settings.topic, FUSION_TOPIC_BYTES);
  if (zmq_connect(socket, argv[1]) != 0) {
    fprintf(stderr, "%s: %s\n", argv[1], zmq_strerror(zmq_errno()));
    return 69;
  }

  fusion_state said = FUSION_NO_DATA;
  printf("%s\n", fusion_state_name(said));
  while (monotonic_ns() < end) {
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    uint8_t bytes[512];
    if (zmq_poll(&item, 1, 10) > 0) {
      int count = zmq_recv(socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
      if (count >= 0) {
        /* zmq_recv gives the message's own length, even if it cut the message. */
        size_t held = (size_t)count < sizeof bytes ? (size_t)count : sizeof bytes;
        fusion_refusal refusal = fusion_receive(&receiver, bytes, held, monotonic_ns(), NULL);
        if (refusal != FUSION_ACCEPTED) printf("refused: %s\n", fusion_refusal_name(refusal));
      }
    }
    /* Also when nothing came: silence is what the stop tail is for. */
    fusion_output out = fusion_receiver_output(&receiver, monotonic_ns());
    if (out.state != said || (out.state == FUSION_OK && item.revents != 0))
      printf("%s %s %.6f\n", fusion_state_name(out.state), fusion_mode_name(out.mode), out.value);
    said = out.state;
    fflush(stdout);
  }
  zmq_close(socket);
  zmq_ctx_term(context);
  return 0;
}
