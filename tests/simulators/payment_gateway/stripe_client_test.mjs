// Stripe's own Node client against the simulator, so that the two ends of the wire do not have one
// author. Run: SIMULATOR_BINARY=… node --test tests/simulators/payment_gateway/
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Simulator, customerWithCard, tokenise } from './simulator.mjs';

const simulator = new Simulator();
let stripe;

before(async () => {
  await simulator.start();
  stripe = simulator.client();
});
after(() => simulator.remove());

let keys = 0;
const newKey = () => `key-${process.pid}-${++keys}`;

// Captures made by `act`, by the simulator's own books.
async function capturesOf(act) {
  const earlier = (await simulator.books()).captures.count;
  await act();
  return (await simulator.books()).captures.count - earlier;
}

const fails = (promise, expected) => assert.rejects(promise, (error) => {
  // The client gives '' for a field that was not sent.
  for (const name of Object.keys(expected)) assert.equal(error[name] || undefined, expected[name], name);
  return true;
});
const cardError = (code, decline_code) =>
  ({ type: 'StripeCardError', statusCode: 402, code, decline_code });

test('a wrong API key is refused', async () => {
  await fails(simulator.client({}, 'sk_test_wrong').customers.create({}),
    { type: 'StripeAuthenticationError', statusCode: 401 });
});

test('a card is exchanged for a token: brand, last four, expiry, country, fingerprint (R21)', async () => {
  const method = await tokenise(stripe, '378282246310005', { cvc: '9876' });
  assert.match(method.id, /^pm_/);
  assert.equal(method.billing_details.name, 'Ada Lovelace');
  const { brand, last4, exp_month, exp_year, country, funding } = method.card;
  assert.deepEqual({ brand, last4, exp_month, exp_year, country, funding },
    { brand: 'amex', last4: '0005', exp_month: 12, exp_year: 2034, country: 'US', funding: 'credit' });
  assert.equal((await tokenise(stripe, '378282246310005')).card.fingerprint, method.card.fingerprint);
  assert.notEqual((await tokenise(stripe, '4242424242424242')).card.fingerprint, method.card.fingerprint);
  assert.deepEqual((await stripe.paymentMethods.retrieve(method.id)).card, method.card);
});

for (const [what, number, card, code, decline] of [
  ['fails the Luhn check', '4242424242424241', {}, 'incorrect_number'],
  ['has a month 13', '4242424242424242', { exp_month: 13 }, 'invalid_expiry_month'],
  ['expired in a year past', '4242424242424242', { exp_year: 2020 }, 'invalid_expiry_year'],
  ['has a security code of two digits', '4242424242424242', { cvc: '98' }, 'invalid_cvc'],
  ['is no test card', '4539578763621486', {}, 'card_declined', 'test_mode_live_card'],
]) {
  test(`a card that ${what} gives no token`, () =>
    fails(tokenise(stripe, number, card), cardError(code, decline)));
}

for (const [last4, code, decline] of [
  ['0002', 'card_declined', 'generic_decline'],
  ['9995', 'card_declined', 'insufficient_funds'],
  ['9987', 'card_declined', 'lost_card'],
  ['9979', 'card_declined', 'stolen_card'],
  ['0069', 'expired_card', undefined],
  ['0127', 'incorrect_cvc', undefined],
  ['0119', 'processing_error', undefined],
  ['6975', 'card_declined', 'card_velocity_exceeded'],
]) {
  test(`the card …${last4} is declined with ${decline ?? code} when attached`, async () => {
    const customer = await stripe.customers.create({});
    const method = await tokenise(stripe, '400000000000' + last4);
    await fails(stripe.paymentMethods.attach(method.id, { customer: customer.id }), cardError(code, decline));
    assert.equal((await stripe.paymentMethods.retrieve(method.id)).customer, null);
  });
}

test('a stored card is charged off session, and the intent found again by its metadata', async () => {
  const { terms } = await customerWithCard(stripe);
  const chargeId = newKey();
  const intent = await stripe.paymentIntents.create(terms(1999, { metadata: { charge_id: chargeId } }));
  assert.equal(intent.status, 'succeeded');
  assert.equal(intent.amount_received, 1999);
  assert.deepEqual((await stripe.paymentIntents.retrieve(intent.id)).metadata, { charge_id: chargeId });
  const found = await stripe.paymentIntents.search({ query: `metadata['charge_id']:'${chargeId}'` });
  assert.deepEqual(found.data.map(({ id }) => id), [intent.id]);
  const { captures } = await simulator.books();
  const mine = captures.list.filter(({ metadata }) => metadata.charge_id === chargeId);
  assert.deepEqual(mine.map(({ amount, currency }) => [amount, currency]), [[1999, 'eur']]);
});

test('intents are listed newest first, page by page, by the client\'s own paging', async () => {
  const { customer, terms } = await customerWithCard(stripe);
  const made = [];
  for (let i = 0; i < 5; ++i) made.push((await stripe.paymentIntents.create(terms(500 + i))).id);
  const seen = [];
  for await (const { id } of stripe.paymentIntents.list({ customer: customer.id, limit: 2 })) seen.push(id);
  assert.deepEqual(seen, made.reverse());
  const searched = [];
  const search = stripe.paymentIntents.search({ query: `customer:'${customer.id}'`, limit: 2 });
  for await (const { id } of search) searched.push(id);
  assert.deepEqual(searched, made);
});

test('a card that declines after attaching fails with a card error that carries the intent', async () => {
  const { terms } = await customerWithCard(stripe, '4000000000000341');
  await fails(stripe.paymentIntents.create(terms(700)), cardError('card_declined', 'generic_decline'));
  await assert.rejects(stripe.paymentIntents.create(terms(700)), ({ raw }) => {
    assert.equal(raw.payment_intent.status, 'requires_payment_method');
    assert.match(raw.charge, /^ch_/);
    return true;
  });
});

test('off session, cards that want authentication decline with authentication_required (R24)', async () => {
  for (const number of ['4000002500003155', '4000002760003184', '4000008260003178']) {
    const { terms } = await customerWithCard(stripe, number);
    await fails(stripe.paymentIntents.create(terms(700)),
      cardError('authentication_required', 'authentication_required'));
  }
});

test('on session the challenge decides, and sets the card up for later (R24)', async () => {
  const { terms } = await customerWithCard(stripe, '4000002500003155');
  const onSession =
    { off_session: undefined, setup_future_usage: 'off_session', return_url: 'https://shop.example/' };
  const intent = await stripe.paymentIntents.create(terms(700, onSession));
  assert.equal(intent.status, 'requires_action');
  assert.equal(intent.next_action.type, 'redirect_to_url');
  await simulator.control('POST', 'authentications', { payment_intent: intent.id, outcome: 'succeed' });
  assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, 'succeeded');
  assert.equal((await stripe.paymentIntents.create(terms(800))).status, 'succeeded');
});

test('a cancelled intent takes nothing any more, and one that took the money is not cancelled (R23)', async () => {
  const { terms } = await customerWithCard(stripe, '4000002760003184');
  const unexpected = { type: 'StripeInvalidRequestError', statusCode: 400, code: 'payment_intent_unexpected_state' };
  const onSession = { off_session: undefined, return_url: 'https://shop.example/' };
  for (const [more, expected] of [[onSession, 'requires_action'],
    [{ ...onSession, confirm: undefined }, 'requires_confirmation']]) {
    const { id, status } = await stripe.paymentIntents.create(terms(700, more));
    assert.equal(status, expected);
    assert.equal((await stripe.paymentIntents.cancel(id)).status, 'canceled');
    await fails(stripe.paymentIntents.confirm(id), unexpected);
    await fails(stripe.paymentIntents.cancel(id), unexpected);
    await assert.rejects(simulator.control('POST', 'authentications', { payment_intent: id, outcome: 'succeed' }));
    assert.equal((await stripe.paymentIntents.retrieve(id)).status, 'canceled');
  }
  const taken = await stripe.paymentIntents.create((await customerWithCard(stripe)).terms(700));
  await fails(stripe.paymentIntents.cancel(taken.id), unexpected);
  assert.equal((await stripe.paymentIntents.retrieve(taken.id)).status, 'succeeded');
});

test('a stored card starts to decline when told, and a new one is good at once (R17)', async () => {
  const { customer, terms } = await customerWithCard(stripe, '5555555555554444');
  await simulator.control('POST', 'cards',
    { last4: '4444', behaviour: 'insufficient_funds', customer: customer.id });
  await fails(stripe.paymentIntents.create(terms(900)), cardError('card_declined', 'insufficient_funds'));
  const better = await tokenise(stripe, '4242424242424242');
  await stripe.paymentMethods.attach(better.id, { customer: customer.id });
  const intent = await stripe.paymentIntents.create(terms(900, { payment_method: better.id }));
  assert.equal(intent.status, 'succeeded');
});

test('a detached card cannot be charged or attached again (R22)', async () => {
  const { customer, method, terms } = await customerWithCard(stripe);
  assert.equal((await stripe.paymentMethods.detach(method.id)).customer, null);
  const refused = { type: 'StripeInvalidRequestError', statusCode: 400 };
  await fails(stripe.paymentIntents.create(terms(900)), refused);
  await fails(stripe.paymentMethods.attach(method.id, { customer: customer.id }), refused);
});

test('a deleted customer is gone with the cards (R7)', async () => {
  const { customer, method, terms } = await customerWithCard(stripe);
  assert.equal((await stripe.customers.retrieve(customer.id)).deleted, undefined);
  assert.equal((await stripe.customers.del(customer.id)).deleted, true);
  assert.equal((await stripe.customers.retrieve(customer.id)).deleted, true);
  assert.equal((await stripe.paymentMethods.retrieve(method.id)).customer, null);
  await fails(stripe.paymentIntents.create(terms(900)),
    { type: 'StripeInvalidRequestError', statusCode: 400 });
});

test('a key gives one answer and one capture; other parameters under it are refused (R23)', async () => {
  const { terms } = await customerWithCard(stripe);
  const idempotencyKey = newKey();
  const captured = await capturesOf(async () => {
    const first = await stripe.paymentIntents.create(terms(1000), { idempotencyKey });
    const second = await stripe.paymentIntents.create(terms(1000), { idempotencyKey });
    assert.deepEqual({ ...second }, { ...first });
    assert.equal(first.lastResponse.headers['idempotent-replayed'], undefined);
    assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
    const mismatch = { type: 'StripeIdempotencyError', statusCode: 400 };
    await fails(stripe.paymentIntents.create(terms(1001), { idempotencyKey }), mismatch);
    await fails(stripe.refunds.create({ payment_intent: first.id }, { idempotencyKey }), mismatch);
  });
  assert.equal(captured, 1);
});

test('a decline is replayed too: a key never charges later what it once declined', async () => {
  const { customer, terms } = await customerWithCard(stripe, '4000000000000341');
  const idempotencyKey = newKey();
  const declined = cardError('card_declined', 'generic_decline');
  await fails(stripe.paymentIntents.create(terms(700), { idempotencyKey }), declined);
  await simulator.control('POST', 'cards', { last4: '0341', behaviour: 'succeeds', customer: customer.id });
  await fails(stripe.paymentIntents.create(terms(700), { idempotencyKey }), declined);
  const other = await stripe.paymentIntents.create(terms(700), { idempotencyKey: newKey() });
  assert.equal(other.status, 'succeeded');
});

test('twenty callers with one key at once capture once', async () => {
  const { terms } = await customerWithCard(stripe);
  const idempotencyKey = newKey();
  const captured = await capturesOf(async () => {
    const charge = () => stripe.paymentIntents.create(terms(1000), { idempotencyKey });
    const calls = Array.from({ length: 20 }, charge);
    const ids = new Set((await Promise.all(calls)).map(({ id }) => id));
    assert.equal(ids.size, 1);
  });
  assert.equal(captured, 1);
});

test('a charge is refunded in part, then the rest, never more', async () => {
  const { terms } = await customerWithCard(stripe);
  const { id: payment_intent } = await stripe.paymentIntents.create(terms(1000));
  const part = await stripe.refunds.create(
    { payment_intent, amount: 300, reason: 'requested_by_customer', metadata: { refund_id: 'r-1' } });
  assert.deepEqual([part.status, part.amount, part.currency], ['succeeded', 300, 'eur']);
  await fails(stripe.refunds.create({ payment_intent, amount: 701 }),
    { type: 'StripeInvalidRequestError', statusCode: 400 });
  assert.equal((await stripe.refunds.create({ payment_intent })).amount, 700);
  await fails(stripe.refunds.create({ payment_intent }),
    { type: 'StripeInvalidRequestError', code: 'charge_already_refunded' });
  const list = await stripe.refunds.list({ payment_intent });
  assert.deepEqual(list.data.map(({ amount }) => amount), [700, 300]);
  assert.deepEqual((await stripe.refunds.retrieve(part.id)).metadata, { refund_id: 'r-1' });
});

test('charges are listed as they were made, with the metadata of their intents', async () => {
  const { terms } = await customerWithCard(stripe);
  const { created } = await stripe.paymentIntents.create(terms(1000, { metadata: { charge_id: 'first' } }));
  await stripe.paymentIntents.create(terms(2000, { metadata: { charge_id: 'second' } }));
  const seen = [];
  for await (const charge of stripe.charges.list({ created: { gte: created }, limit: 1 })) {
    if (['first', 'second'].includes(charge.metadata.charge_id)) seen.push([charge.amount_captured, charge.status]);
  }
  assert.deepEqual(seen, [[2000, 'succeeded'], [1000, 'succeeded']]);
  assert.equal((await stripe.charges.list({ created: { gt: created + 3600 } })).data.length, 0);
});

test('a parameter that Stripe would not know is refused', async () => {
  const { terms } = await customerWithCard(stripe);
  await fails(stripe.paymentIntents.create(terms(1000, { ammount: 1 })),
    { type: 'StripeInvalidRequestError', code: 'parameter_unknown' });
});

for (const action of ['timeout_after_capture', 'drop_connection', 'error_500_before']) {
  test(`${action}: the client's own retry with the same key ends in exactly one capture (R23)`, async () => {
    const { customer, terms } = await customerWithCard(stripe);
    await simulator.fault({ action, count: 2, match: { customer: customer.id } });
    const captured = await capturesOf(async () => {
      const intent = await simulator.client({ maxNetworkRetries: 3 }).paymentIntents.create(terms(1000));
      assert.equal(intent.status, 'succeeded');
    });
    assert.equal(captured, 1);
    assert.deepEqual((await simulator.control('GET', 'faults')).faults, []);
  });
}

test('timeout_after_capture: the client knows nothing, the books know the capture', async () => {
  const { customer, terms } = await customerWithCard(stripe);
  // Twice, because this client retries a closed connection once even when told not to.
  await simulator.fault({ action: 'timeout_after_capture', count: 2, match: { customer: customer.id } });
  const chargeId = newKey();
  const captured = await capturesOf(() => fails(
    stripe.paymentIntents.create(terms(1000, { metadata: { charge_id: chargeId } })),
    { type: 'StripeConnectionError' }));
  assert.equal(captured, 1);
  const found = await stripe.paymentIntents.search({ query: `metadata['charge_id']:'${chargeId}'` });
  assert.equal(found.data[0].status, 'succeeded');
});

test('error_500_after: the 500 is remembered under the key, and the search finds the money', async () => {
  const { customer, terms } = await customerWithCard(stripe);
  await simulator.fault({ action: 'error_500_after', match: { customer: customer.id } });
  const idempotencyKey = newKey();
  const charge = () => stripe.paymentIntents.create(terms(1000, { metadata: { key: idempotencyKey } }),
    { idempotencyKey });
  const captured = await capturesOf(async () => {
    await fails(charge(), { type: 'StripeAPIError', statusCode: 500 });
    await fails(charge(), { type: 'StripeAPIError', statusCode: 500 });
  });
  assert.equal(captured, 1);
  const found = await stripe.paymentIntents.search({ query: `metadata['key']:'${idempotencyKey}'` });
  assert.deepEqual(found.data.map(({ status }) => status), ['succeeded']);
});

test('late: the key is in use until the answer is sent; afterwards it is replayed', async () => {
  const { customer, terms } = await customerWithCard(stripe);
  await simulator.fault({ action: 'late', ms: 1000, match: { customer: customer.id } });
  const idempotencyKey = newKey();
  const captured = await capturesOf(async () => {
    await fails(simulator.client({ timeout: 200 }).paymentIntents.create(terms(1000), { idempotencyKey }),
      { type: 'StripeConnectionError' });
    await fails(stripe.paymentIntents.create(terms(1000), { idempotencyKey }),
      { type: 'StripeAPIError', code: 'idempotency_key_in_use', statusCode: 409 });
    // The client backs off and tries again, as it does on its own after a 409.
    const patient = simulator.client({ maxNetworkRetries: 8 });
    const intent = await patient.paymentIntents.create(terms(1000), { idempotencyKey });
    assert.equal(intent.lastResponse.headers['idempotent-replayed'], 'true');
  });
  assert.equal(captured, 1);
});

test('decline: a good card is declined as often as told', async () => {
  const { customer, terms } = await customerWithCard(stripe);
  await simulator.fault({ action: 'decline', code: 'do_not_honor', match: { customer: customer.id } });
  await fails(stripe.paymentIntents.create(terms(1000)), cardError('card_declined', 'do_not_honor'));
  assert.equal((await stripe.paymentIntents.create(terms(1000))).status, 'succeeded');
});

test('SIGTERM lets an answer under way be sent, at once, and then ends the process', async () => {
  const { customer, terms } = await customerWithCard(stripe);
  await simulator.fault({ action: 'late', ms: 60_000, match: { customer: customer.id } });
  const answer = simulator.client({ timeout: 50_000 }).paymentIntents.create(terms(1000));
  let mine = [];
  while (mine.length === 0) {
    mine = (await simulator.books()).captures.list.filter((one) => one.customer === customer.id);
  }
  assert.deepEqual(await simulator.stop('SIGTERM'), { code: 0, signal: null });
  assert.equal((await answer).status, 'succeeded');
  await simulator.start();
  stripe = simulator.client();
});

for (const signal of ['SIGTERM', 'SIGKILL']) {
  const name = `${signal} amid charges: nothing answered is lost, no key charges twice (R23)`;
  test(name, { timeout: 90_000 }, async () => {
    const { terms } = await customerWithCard(stripe);
    const answered = new Map();
    const sent = [];
    const charge = async (client, key) => {
      const intent = await client.paymentIntents.create(
        terms(1000, { metadata: { charge_id: key } }), { idempotencyKey: key });
      answered.set(key, intent.id);
    };
    const dying = stripe;
    let kill;
    const killed = new Promise((resolve) => (kill = resolve));
    const callers = Array.from({ length: 8 }, async () => {
      try {
        while (true) {
          const key = newKey();
          sent.push(key);
          await charge(dying, key);
          if (answered.size === 40) kill();
        }
      } catch (error) {
        assert.equal(error.type, 'StripeConnectionError');
      }
    });
    await Promise.race([killed, Promise.all(callers)]);
    assert.ok(answered.size >= 40, 'the callers gave up early');
    const { code } = await simulator.stop(signal);
    if (signal === 'SIGTERM') assert.equal(code, 0);
    await Promise.all(callers);
    await simulator.start();
    stripe = simulator.client();

    const before = new Map(answered);
    for (const key of sent) await charge(stripe, key);
    for (const [key, id] of before) assert.equal(answered.get(key), id, `${key} has another intent now`);
    const { captures } = await simulator.books();
    const captured = captures.list.map(({ metadata }) => metadata.charge_id);
    for (const key of sent) assert.equal(captured.filter((one) => one === key).length, 1, key);
  });
}

test('a second process on the same books is refused in one line', async () => {
  const second = new Simulator();
  const own = second.folder;
  second.folder = simulator.folder;
  try {
    await assert.rejects(second.start(), /in use by another process/);
  } finally {
    second.folder = own;
    await second.remove();
  }
});

test('no card number and no security code in the journal or the log (R21)', async () => {
  const numbers =
    ['4242424242424242', '5555555555554444', '378282246310005', '4000000000000341', '4000002500003155'];
  const written = simulator.read('books.journal') + simulator.log;
  assert.ok(written.includes('"last4":"4242"'));
  for (const number of numbers) assert.ok(!written.includes(number), number);
  for (const cvc of ['"987"', '"9876"']) assert.ok(!written.includes(cvc), 'a security code');
});

test('an answer that is given twice stands before the answer of the next request', async () => {
  await simulator.fault({ action: 'answered_twice', ms: 50, match: { path: '/v1/customers' } });
  const socket = connect(simulator.port, '127.0.0.1');
  const send = (key) => socket.write('POST /v1/customers HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n' +
    `Authorization: Bearer sk_test_simulator\r\nIdempotency-Key: ${key}\r\n\r\n`);
  let text = '';
  send('first');
  const keys = await new Promise((resolve) => socket.on('data', (data) => {
    if (text === '') send('second');  // as a client does that has its answer
    text += data;
    const found = [...text.matchAll(/^Idempotency-Key: (.*)\r$/gm)].map(([, key]) => key);
    if (found.length === 3) resolve(found);
  }));
  socket.destroy();
  assert.deepEqual(keys, ['first', 'first', 'second']);
});

test('a slow answer keeps nobody else waiting, however many are slow', async () => {
  const { customer, method, terms } = await customerWithCard(stripe);
  const many = 600;
  await simulator.fault({ action: 'late', ms: 300, count: many, match: { customer: customer.id } });
  const begun = Date.now();
  const slow = Array.from({ length: many }, () => simulator.client({ timeout: 60_000 }).paymentIntents.create(terms(1000)));
  assert.equal((await stripe.paymentMethods.retrieve(method.id)).id, method.id);
  const intents = await Promise.all(slow);
  assert.equal(new Set(intents.map((one) => one.id)).size, many);
  assert.ok(Date.now() - begun < many * 300 / 8, 'answered one after the other');
});

test('requests that are sent without waiting for answers are answered in order', async () => {
  const socket = connect(simulator.port, '127.0.0.1');
  const post = (key) => 'POST /v1/customers HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n' +
    `Authorization: Bearer sk_test_simulator\r\nIdempotency-Key: ${key}\r\n\r\n`;
  const wanted = Array.from({ length: 50 }, (_, i) => `in-order-${i}`);
  await simulator.fault({ action: 'late', ms: 50, match: { path: '/v1/customers' } });
  socket.write(wanted.map(post).join(''));
  let text = '';
  const keys = await new Promise((resolve) => socket.on('data', (data) => {
    text += data;
    const found = [...text.matchAll(/^Idempotency-Key: (.*)\r$/gm)].map(([, key]) => key);
    if (found.length === wanted.length) resolve(found);
  }));
  socket.destroy();
  assert.deepEqual(keys, wanted);
});

test('what is no HTTP is refused, and its connection closed', async () => {
  const socket = connect(simulator.port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');
  let text = '';
  socket.on('data', (data) => (text += data));
  await new Promise((resolve) => socket.on('close', resolve));
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
});
