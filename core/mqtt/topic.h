// MQTT strings, topic names and topic filters.
#ifndef CORE_MQTT_TOPIC_H_
#define CORE_MQTT_TOPIC_H_

#include "core/base/bytes.h"

namespace core::mqtt {

// Well-formed UTF-8 of at most 65535 bytes without U+0000: shortest forms, no
// surrogates, nothing above U+10FFFF. Spec: [MQTT5] 1.5.4.
bool is_utf8(Bytes text);

// A name that a message can be published to: UTF-8, not empty, no wildcard.
// Spec: [MQTT5] 4.7.
bool is_topic_name(Bytes topic);

// A filter that can be subscribed to: UTF-8, not empty, `+` and `#` only as
// whole levels, `#` only last; `$share/NAME/FILTER` with a proper NAME.
// Spec: [MQTT5] 4.7, 4.8.2.
bool is_topic_filter(Bytes filter);
bool has_wildcard(Bytes filter);
// True for filters that start with "$share/".
bool is_shared(Bytes filter);

// True if a message to `topic` belongs to a subscription to `filter`. A filter
// that starts with a wildcard does not match topics that start with `$`.
// REQUIRES: is_topic_name(topic), is_topic_filter(filter), !is_shared(filter)
bool matches(Bytes filter, Bytes topic);

}  // namespace core::mqtt
#endif  // CORE_MQTT_TOPIC_H_
