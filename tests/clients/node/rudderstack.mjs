// A shop's server with RudderStack's library for Node: reads an order from stdin, writes errors to stdout.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const Analytics = createRequire(process.argv[2] + "/")("@rudderstack/rudder-sdk-node");
const { host, key, event } = JSON.parse(readFileSync(0, "utf8"));
const errors = [];
const analytics = new (Analytics.default ?? Analytics)(key, {
  dataPlaneUrl: host,
  flushAt: 1,
  flushInterval: 60000,
  logLevel: "silly",
  errorHandler: () => {},
});
const done = new Promise((resolve) => {
  analytics.track(
    {
      event: event.event,
      userId: event.userId,
      anonymousId: event.anonymousId,
      messageId: event.messageId,
      originalTimestamp: new Date(event.originalTimestamp),
      properties: event.properties,
      context: event.context,
      integrations: event.integrations,
    },
    resolve,
  );
});
const error = await done;
if (error) errors.push(`${error.response?.status ?? ""} ${error.message ?? error}`);
console.log(JSON.stringify({ errors }));
process.exit(0);
