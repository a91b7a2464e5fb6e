// A shop's server with Segment's library for Node: reads an order from stdin, writes errors to stdout.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Analytics } = createRequire(process.argv[2] + "/")("@segment/analytics-node");
const { host, key, event } = JSON.parse(readFileSync(0, "utf8"));
const errors = [];
const analytics = new Analytics({ writeKey: key, host, flushAt: 1 });
analytics.on("error", (error) => errors.push(String(error.reason ?? error.code)));
analytics.track({
  event: event.event,
  userId: event.userId,
  anonymousId: event.anonymousId,
  messageId: event.messageId,
  timestamp: event.timestamp,
  properties: event.properties,
  context: event.context,
});
await analytics.closeAndFlush();
console.log(JSON.stringify({ errors }));
