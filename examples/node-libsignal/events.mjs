// What the user is to see, once: messages, and what went wrong with them.

// Notes something for the user, to be shown once. A changed key is kept beside the one we trust; sending stops.
export function tell(draft, event) {
  if (event.event === 'key_changed') {
    const contact = draft.contacts[event.from];
    if (contact.newKey === event.key) return; // said before
    contact.newKey = event.key;
  }
  draft.events.push({ id: ++draft.lastEvent, ...event, received_at: new Date().toISOString() });
}
