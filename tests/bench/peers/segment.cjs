// Segment's TikTok destination: mapping, validation and perform, with the request stubbed.
// node segment.cjs PACKAGES KIND FILE TIMES; then a case and a part on each line of stdin. A part is all events, so often.
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");

const [packages, kind, file, times] = process.argv.slice(2);
const core = `${packages}/node_modules/@segment/actions-core/dist/cjs`;
const { transform, fieldsToJsonSchema, validateSchema, defaultValues } = require(core);
const { removeEmptyValues } = require(`${core}/remove-empty-values`);
const destinations = `${packages}/node_modules/@segment/action-destinations/dist/destinations`;
const action = require(`${destinations}/tiktok-conversions`).default.actions.reportWebEvent;

const path = (place) => ({ "@path": `$.${place}` });
const either = (first, second) => ({
  "@if": { exists: path(first), then: path(first), else: path(second) },
});

// The destination's defaults, with the places where the standard event has the same things.
const mapping = {
  ...defaultValues(action.fields),
  event: { purchase: "CompletePayment", page_view: "ViewContent" }[kind],
  event_id: path("id"),
  timestamp: path("timestamp"),
  phone_number: path("user.phone"),
  email: path("user.email"),
  first_name: path("user.first_name"),
  last_name: path("user.last_name"),
  address: {
    city: path("user.city"),
    country: path("user.country"),
    zip_code: path("user.zip"),
    state: path("user.state"),
  },
  order_id: path("order_id"),
  shop_id: path("partners.tiktok.shop_id"),
  external_id: path("user.id"),
  ttclid: either("partners.tiktok.ttclid", "context.device.cookie.ttclid"),
  ttp: either("partners.tiktok.ttp", "context.device.cookie._ttp"),
  locale: path("context.device.language"),
  url: path("context.page.url"),
  referrer: path("context.page.referrer"),
  ip: path("context.device.ip"),
  user_agent: path("context.device.user_agent"),
  contents: {
    "@arrayPath": [
      "$.items",
      {
        price: path("product.price"),
        quantity: path("quantity"),
        content_category: path("product.category_1"),
        content_id: path("id"),
        content_name: path("product.name"),
        brand: path("product.brand"),
      },
    ],
  },
  content_type: path("content_type"),
  currency: path("currency"),
  value: path("value"),
  description: path("event_name"),
  query: path("search_term"),
  search_string: path("search_term"),
  limited_data_use: path("partners.tiktok.ldu"),
};
const settings = { pixelCode: "CPIXEL0000000000001", accessToken: "none" };
const schema = fieldsToJsonSchema(action.fields);
const check = { schemaKey: "tiktok-conversions:Report Web Event", exempt: ["dynamicAuthSettings"] };
const stub = (_url, { json }) => JSON.stringify(json.data[0]);

// As `Action.execute` does it, without the client for requests.
function mapped(body) {
  const payload = removeEmptyValues(transform(mapping, JSON.parse(body)), schema, true);
  validateSchema(payload, schema, check);
  return action.perform(stub, { payload, settings });
}

// Segment's events say when they happened in ISO 8601.
const bodies = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => {
  const event = JSON.parse(line);
  return JSON.stringify({ ...event, timestamp: new Date(event.context.event_timestamp).toISOString() });
});
const finished = bodies.map((body) => JSON.parse(mapped(body)));
const texts = bodies.map((body) => {
  const { user } = JSON.parse(body);
  return [user.email, user.phone, user.id].map((text) => text.trim().toLowerCase());
});

const cases = {
  segment: (index) => mapped(bodies[index]),
  floor: (index) => {
    JSON.parse(bodies[index]);
    for (const text of texts[index]) createHash("sha256").update(text).digest("hex");
    JSON.stringify(finished[index]);
  },
};

for (let round = 0; round < 20; round += 1) {
  for (const run of Object.values(cases)) bodies.forEach((_, index) => run(index));
}
const runs_on = `Node ${process.versions.node}`;
console.log(JSON.stringify({ runs_on, cases: Object.keys(cases), first: finished[0] }));

createInterface({ input: process.stdin }).on("line", (line) => {
  const run = cases[line.split(" ")[0]];
  const before = process.cpuUsage();
  for (let time = 0; time < Number(times); time += 1) {
    for (let index = 0; index < bodies.length; index += 1) run(index);
  }
  const { user, system } = process.cpuUsage(before);
  console.log(String((user + system) * 1000));
});
