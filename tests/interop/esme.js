// An ESME by npm's smpp: does what its argument says, and prints what came as JSON, one line each.
'use strict';
const smpp = require('smpp');

const [port, systemId, source, plan] = process.argv.slice(2);
const steps = JSON.parse(plan);
const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` });
const say = (event, fields) => console.log(JSON.stringify({ event, ...fields }));
const text = (pdu) => {
  const content = pdu.short_message;
  return content && content.message !== undefined ? content.message.toString() : String(content);
};

const request = (command, fields) =>
  new Promise((answered) => session[command](fields || {}, answered));

session.on('error', (error) => {
  say('error', { message: error.message });
  process.exit(1);
});

// after the last step: as many deliveries as the plan expects, then unbind
let expected = steps.deliveries;
let drained;
const allDelivered = new Promise((resolve) => { drained = resolve; });
session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  say('deliver_sm', {
    source: pdu.source_addr,
    destination: pdu.destination_addr,
    esm_class: pdu.esm_class,
    text: text(pdu),
    receipted_message_id: pdu.receipted_message_id,
    message_state: pdu.message_state,
  });
  expected -= 1;
  if (expected === 0) drained();
});

async function run() {
  const bound = await request('bind_transceiver', { system_id: systemId, password: systemId });
  say('bind_transceiver_resp', { status: bound.command_status, system_id: bound.system_id });
  const alive = await request('enquire_link');
  say('enquire_link_resp', { status: alive.command_status });
  const submitted = steps.submit.map((fields) =>
    request('submit_sm', { source_addr: source, registered_delivery: 1, ...fields }));
  for (const response of await Promise.all(submitted)) {
    say('submit_sm_resp', { status: response.command_status, message_id: response.message_id });
  }
  await allDelivered;
  const parted = await request('unbind');
  say('unbind_resp', { status: parted.command_status });
  session.close();
}

session.on('connect', run);
