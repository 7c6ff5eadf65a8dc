// npm's smpp as an ESME: it sends what its plan has, and prints what came of it, a JSON object a line.
'use strict';
const smpp = require('smpp');

const plan = JSON.parse(process.argv[2]);
const session = smpp.connect({ url: `smpp://127.0.0.1:${plan.port}` });
const say = (event, fields) => console.log(JSON.stringify({ event, ...fields }));
const text = (pdu) => {
  const content = pdu.short_message;
  return content && content.message !== undefined ? content.message.toString() : String(content);
};

const request = (command, fields) =>
  new Promise((answered) => session[command](fields || {}, answered));

session.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

const waiting = new Set();
const receipted = new Set(); // a receipt may come before what waits for the response goes on
let replies = plan.replies;
let submitted = false;
let told;
const allTold = new Promise((resolve) => { told = resolve; });
const count = () => { if (submitted && !waiting.size && replies <= 0) told(); };

session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  if (pdu.esm_class & 0x04) {
    const stat = /stat:(\w+)/.exec(text(pdu))[1];
    say('receipt', { message_id: pdu.receipted_message_id, stat, state: pdu.message_state });
    waiting.delete(pdu.receipted_message_id);
    receipted.add(pdu.receipted_message_id);
  } else {
    say('message', { source: pdu.source_addr, destination: pdu.destination_addr, text: text(pdu) });
    replies -= 1;
  }
  count();
});

async function submit({ to, text: content, long }) {
  const fields = { source_addr: plan.source, destination_addr: to, registered_delivery: 1 };
  fields[long ? 'message_payload' : 'short_message'] = content;
  const response = await request('submit_sm', fields);
  const messageIds = response.command_status === 0 ? [response.message_id] : [];
  messageIds.filter((id) => !receipted.has(id)).forEach((id) => waiting.add(id));
  say('answer', { to, status: response.command_status, message_ids: messageIds });
}

async function run() {
  const { system_id: systemId, password } = plan;
  const bound = await request('bind_transceiver', { system_id: systemId, password });
  say('bound', { status: bound.command_status, system_id: bound.system_id });
  const alive = await request('enquire_link');
  say('alive', { status: alive.command_status });
  await Promise.all(plan.messages.map(submit));
  submitted = true;
  count();
  await allTold;
  const parted = await request('unbind');
  say('unbound', { status: parted.command_status });
  session.close();
}

session.on('connect', run);
