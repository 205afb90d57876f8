/* What Mosquitto's access file cannot say, as a plugin of the broker.
 *
 * The file checks publishing and delivery, but grants every subscription, so
 * a device could join another's shared subscription and take its messages.
 * Here a device may subscribe below its own `down` topics only, publish below
 * its own `up` topics only, and a revoked one may do nothing. What is not
 * refused here goes on to the access file: both must agree.
 *
 * The option `revoked_file` names a text of lines "<name> <seconds>": every
 * certificate of that name made at or before that time (since 1970) is
 * refused. It is read at the start and on SIGHUP; then the names that are new
 * in it are thrown out.
 */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVER_USER "@ginneld"
#define UP "ginnel/1/up/"
#define DOWN "ginnel/1/down/"
#define MAX_NAME 64
/* Certificates are valid from this many seconds before they were made. */
#define BACKDATE 300

struct revoked {
  char name[MAX_NAME + 1];
  long long until;
};

static mosquitto_plugin_id_t* identifier;
static char* revoked_path;
static struct revoked* revoked; /* in the order of names */
static size_t revoked_count;

static int by_name(const void* a, const void* b) {
  return strcmp(((const struct revoked*)a)->name, ((const struct revoked*)b)->name);
}

static const struct revoked* find(const struct revoked* list, size_t count, const char* name) {
  struct revoked wanted = {{0}, 0};
  if (count == 0 || strlen(name) > MAX_NAME) return NULL;
  strcpy(wanted.name, name);
  return bsearch(&wanted, list, count, sizeof(*list), by_name);
}

/* Reads the file into a new list. Returns 0, or -1 and leaves `list` alone. */
static int read_revoked(struct revoked** list, size_t* count) {
  struct revoked* read = NULL;
  struct revoked* larger;
  size_t used = 0, room = 0;
  char line[128];
  FILE* file = fopen(revoked_path, "r");
  if (!file) return -1;
  while (fgets(line, sizeof(line), file)) {
    if (used == room) {
      room = room ? 2 * room : 64;
      larger = realloc(read, room * sizeof(*read));
      if (!larger) goto failed;
      read = larger;
    }
    if (sscanf(line, "%64s %lld", read[used].name, &read[used].until) != 2) goto failed;
    ++used;
  }
  if (ferror(file)) goto failed;
  fclose(file);
  if (used) qsort(read, used, sizeof(*read), by_name);
  *list = read;
  *count = used;
  return 0;

failed:
  fclose(file);
  free(read);
  return -1;
}

/* When the client's certificate was made, or -1. */
static long long made_at(const struct mosquitto* client) {
  struct tm start;
  long long at = -1;
  X509* certificate = mosquitto_client_certificate(client);
  if (!certificate) return -1;
  if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &start) == 1) {
    at = (long long)timegm(&start) + BACKDATE;
  }
  X509_free(certificate);
  return at;
}

/* True if `topic` begins with `prefix`, then `name`, then '/'. */
static int below(const char* topic, const char* prefix, const char* name) {
  const size_t prefix_size = strlen(prefix), name_size = strlen(name);
  return strncmp(topic, prefix, prefix_size) == 0 &&
         strncmp(topic + prefix_size, name, name_size) == 0 &&
         topic[prefix_size + name_size] == '/';
}

/* True for ginnel/1/up/<two hex digits>/<name>/... */
static int own_up(const char* topic, const char* name) {
  const char* shard = topic + strlen(UP);
  size_t i;
  if (strncmp(topic, UP, strlen(UP)) != 0) return 0;
  for (i = 0; i < 2; ++i) {
    if (!shard[i] || !strchr("0123456789abcdef", shard[i])) return 0;
  }
  return below(shard + 2, "/", name);
}

static int on_access(int event, void* event_data, void* user_data) {
  const struct mosquitto_evt_acl_check* check = event_data;
  const char* name = mosquitto_client_username(check->client);
  const struct revoked* entry;
  int allowed = 0;
  (void)event;
  (void)user_data;
  if (!name || !check->topic) return MOSQ_ERR_ACL_DENIED;
  if (strcmp(name, SERVER_USER) == 0) {
    switch (check->access) {
      case MOSQ_ACL_SUBSCRIBE:
      case MOSQ_ACL_UNSUBSCRIBE:
      case MOSQ_ACL_READ: allowed = strncmp(check->topic, UP, strlen(UP)) == 0; break;
      case MOSQ_ACL_WRITE:
        allowed = strncmp(check->topic, DOWN, strlen(DOWN)) == 0 && !check->retain;
        break;
      default: break;
    }
    return allowed ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_ACL_DENIED;
  }
  entry = find(revoked, revoked_count, name);
  if (entry && made_at(check->client) <= entry->until) return MOSQ_ERR_ACL_DENIED;
  switch (check->access) {
    case MOSQ_ACL_SUBSCRIBE:
    case MOSQ_ACL_UNSUBSCRIBE:
    case MOSQ_ACL_READ: allowed = below(check->topic, DOWN, name); break;
    case MOSQ_ACL_WRITE:
      /* A retained request would be given to the server at each of its starts. */
      allowed = own_up(check->topic, name) && !check->retain;
      break;
    default: break;
  }
  return allowed ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_ACL_DENIED;
}

static int on_reload(int event, void* event_data, void* user_data) {
  struct revoked* fresh = NULL;
  const struct revoked* before;
  size_t count = 0, i;
  (void)event;
  (void)event_data;
  (void)user_data;
  if (read_revoked(&fresh, &count) != 0) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "ginnel: cannot read %s; the list stays as it was",
                         revoked_path);
    return MOSQ_ERR_SUCCESS;
  }
  for (i = 0; i < count; ++i) {
    before = find(revoked, revoked_count, fresh[i].name);
    if (!before || before->until != fresh[i].until) {
      mosquitto_kick_client_by_username(fresh[i].name, false);
    }
  }
  free(revoked);
  revoked = fresh;
  revoked_count = count;
  mosquitto_log_printf(MOSQ_LOG_NOTICE, "ginnel: %zu revoked names", count);
  return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int supported_version_count, const int* supported_versions) {
  int i;
  for (i = 0; i < supported_version_count; ++i) {
    if (supported_versions[i] == 5) return 5;
  }
  return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t* id, void** user_data,
                          struct mosquitto_opt* options, int option_count) {
  int i, error;
  (void)user_data;
  identifier = id;
  for (i = 0; i < option_count; ++i) {
    if (strcmp(options[i].key, "revoked_file") == 0) {
      free(revoked_path);
      revoked_path = strdup(options[i].value);
    }
  }
  if (!revoked_path || read_revoked(&revoked, &revoked_count) != 0) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "ginnel: cannot read the list of revoked names");
    return MOSQ_ERR_INVAL;
  }
  error = mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_access, NULL, NULL);
  if (error) return error;
  return mosquitto_callback_register(identifier, MOSQ_EVT_RELOAD, on_reload, NULL, NULL);
}

int mosquitto_plugin_cleanup(void* user_data, struct mosquitto_opt* options, int option_count) {
  (void)user_data;
  (void)options;
  (void)option_count;
  mosquitto_callback_unregister(identifier, MOSQ_EVT_ACL_CHECK, on_access, NULL);
  mosquitto_callback_unregister(identifier, MOSQ_EVT_RELOAD, on_reload, NULL);
  free(revoked);
  free(revoked_path);
  revoked = NULL;
  revoked_path = NULL;
  revoked_count = 0;
  return MOSQ_ERR_SUCCESS;
}
