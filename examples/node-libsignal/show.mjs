// Prints what has come in, as `listen` does.

// Until `limit` messages (0: no end) or a signal. `after`: the last event that was seen for certain.
export async function show(device, after, limit, line) {
  await device.seen(after);
  let count = 0;
  return new Promise((resolve, reject) => {
    let last = Promise.resolve();
    const print = async () => {
      for (const event of device.state.content.events) {
        if (limit && count === limit) return;
        // Marked as seen only now that it is written: after a crash between, it comes again with the same id.
        await new Promise((written) => process.stdout.write(`${line(event)}\n`, written));
        await device.seen(event.id);
        if (event.event === 'message') ++count;
      }
      if (limit && count === limit) resolve();
    };
    const next = () => { last = last.then(print).catch(reject); };
    device.on('event', next);
    next();
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
  });
}
