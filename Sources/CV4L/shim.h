#ifndef FUSION_CV4L_SHIM_H
#define FUSION_CV4L_SHIM_H
#include <linux/videodev2.h>
#endif
