// The whole device under ESP-IDF, over Wi-Fi, with its console on the serial port
// and its store in NVS.
#include <esp_netif.h>
#include <esp_netif_sntp.h>
#include <esp_system.h>
#include <esp_wifi.h>
#include <fcntl.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <psa/crypto.h>
#include <sdkconfig.h>
#include <unistd.h>

#include "apps/firmware/console.h"
#include "ports/esp_idf/clock.h"
#include "ports/esp_idf/device_key.h"
#include "ports/esp_idf/entropy.h"
#include "ports/esp_idf/lwip_lock.h"
#include "ports/esp_idf/nvs_store.h"
#include "ports/esp_idf/partition.h"

namespace {

using namespace core;
using namespace ports::esp_idf;
namespace firmware = apps::firmware;

constexpr char kPartition[] = "ginnel";
constexpr std::uint32_t kStepMs = 20;

void say(std::string_view text) {
  static_cast<void>(::write(STDOUT_FILENO, text.data(), text.size()));
}

// Without these there is no device. The user reads why, and it tries again.
void must(bool holds, std::string_view what) {
  if (holds) return;
  say("error: ");
  say(what);
  say("\n");
  vTaskDelay(pdMS_TO_TICKS(10'000));
  esp_restart();
}
void must(esp_err_t error, std::string_view what) { must(error == ESP_OK, what); }

class Chip final : public firmware::Board {
 public:
  explicit Chip(NvsStore& store) : store_(store) {}
  Instant now() override { return ports::esp_idf::now(); }
  WallTime wall_time() override { return ports::esp_idf::wall_time(); }
  void write(Bytes text) override {
    static_cast<void>(::write(STDOUT_FILENO, text.data(), text.size()));
  }
  std::size_t stack_used() override {
    return CONFIG_ESP_MAIN_TASK_STACK_SIZE - uxTaskGetStackHighWaterMark(nullptr);
  }
  [[noreturn]] void restart() override { esp_restart(); }
  Status erase_and_restart() override {
    TRY(store_.format());
    restart();
  }

 private:
  NvsStore& store_;
};

// Wi-Fi connects, and connects again whenever it is cut off.
void on_wifi(void*, esp_event_base_t, std::int32_t id, void*) {
  if (id == WIFI_EVENT_STA_START || id == WIFI_EVENT_STA_DISCONNECTED) esp_wifi_connect();
}

void start_network(Entropy& entropy) {
  must(esp_netif_init(), "the network does not start");
  must(esp_event_loop_create_default(), "there is no memory for events");
  must(esp_netif_create_default_wifi_sta() != nullptr, "there is no memory for Wi-Fi");
  const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
  must(esp_wifi_init(&init), "Wi-Fi does not start");
  must(esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_wifi, nullptr), "no memory");
  wifi_config_t config{};
  const std::string_view ssid = CONFIG_FIRMWARE_WIFI_SSID, password = CONFIG_FIRMWARE_WIFI_PASSWORD;
  must(ssid.size() <= sizeof(config.sta.ssid) && password.size() <= sizeof(config.sta.password),
       "the Wi-Fi's name or password is too long");
  std::copy(ssid.begin(), ssid.end(), config.sta.ssid);
  std::copy(password.begin(), password.end(), config.sta.password);
  must(esp_wifi_set_mode(WIFI_MODE_STA), "Wi-Fi does not start");
  must(esp_wifi_set_config(WIFI_IF_STA, &config), "the Wi-Fi's name or password is not one");
  must(esp_wifi_start(), "Wi-Fi does not start");
  entropy.radio_is_on();
  const esp_sntp_config_t time = ESP_NETIF_SNTP_DEFAULT_CONFIG(CONFIG_FIRMWARE_TIME_SERVER);
  must(esp_netif_sntp_init(&time), "there is no memory for SNTP");
}

void mount(NvsStore& store) {
  auto mounted = store.mount();
  if (!mounted && mounted.error() == Error::kNotFound) mounted = store.format();
  must(mounted || mounted.error() != Error::kBadTag, "the store is of another key");
  must(mounted.ok(), "the store cannot be read");
}

}  // namespace

extern "C" void app_main() {
  must(nvs_flash_init(), "NVS does not start");
  must(nvs_flash_init_partition(kPartition), "the store's partition cannot be read");
  static Entropy entropy;
  start_network(entropy);

  const auto key = device_key(CONFIG_GINNEL_DEVICE_KEY_BLOCK);
  must(key.ok(), "the eFuse block has no key for HMAC_UP");
  static NvsStore store(kPartition, "device", *key, entropy);
  mount(store);
  static Partition floor_blocks;
  must(floor_blocks.open("ginnel_floor").ok(), "there is no partition ginnel_floor");
  static ports::flash::HighMark floor(floor_blocks);
  must(floor.open().ok(), "the tunnel's floor cannot be read");
  must(psa_crypto_init() == PSA_SUCCESS, "mbedTLS does not start");

  static Chip chip(store);
  static firmware::Device device(chip, entropy, store, floor);
  must(device.open() == firmware::Problem::kNone, "what the store holds is not a device's");
  static firmware::Sensor sensor(device, chip, store);
  must(sensor.load().ok(), "what the store holds is not a device's");
  static firmware::Console console(device, chip, sensor);
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  say("ready\n");
  for (;;) {
    {
      const LwipLock lock;
      device.step();
      sensor.step();
      std::uint8_t typed[64];
      const auto size = ::read(STDIN_FILENO, typed, sizeof(typed));
      for (ssize_t i = 0; i < size; ++i) console.take(typed[i]);
      console.step();
    }
    vTaskDelay(pdMS_TO_TICKS(kStepMs));
  }
}
