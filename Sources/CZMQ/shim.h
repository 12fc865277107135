#ifndef FUSION_CZMQ_SHIM_H
#define FUSION_CZMQ_SHIM_H
#include <zmq.h>
#endif
