// UDP and TCP echo on port 7, by lwIP's raw API: a program that knows nothing
// of tunnels.
#ifndef TEST_FIRMWARE_ECHO_H_
#define TEST_FIRMWARE_ECHO_H_

namespace test::firmware {

// False: lwIP has no room.
bool start_echo();

}  // namespace test::firmware
#endif  // TEST_FIRMWARE_ECHO_H_
