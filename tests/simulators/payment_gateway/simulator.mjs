// Starts the simulator as a process of its own, and talks to it with Stripe's Node client.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Stripe from 'stripe';

const API_KEY = 'sk_test_simulator';
const BINARY = process.env.SIMULATOR_BINARY;
if (!BINARY) throw new Error('SIMULATOR_BINARY must name payment_gateway_simulator');

export class Simulator {
  folder = mkdtempSync(join(tmpdir(), 'gateway-simulator-'));
  log = '';

  // Starts the process on a free port; again after a stop or a kill, on the same books.
  async start() {
    this.process = spawn(BINARY, {
      env: {
        GATEWAY_LISTEN: '127.0.0.1:0',
        GATEWAY_STATE: this.folder,
        GATEWAY_API_KEY: API_KEY,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr.on('data', (data) => (this.log += data));
    this.exited = new Promise((resolve) =>
      this.process.once('exit', (code, signal) => resolve({ code, signal })));
    this.port = await new Promise((resolve, reject) => {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        this.log += line + '\n';
        const entry = JSON.parse(line);
        if (entry.message === 'listening') resolve(Number(entry.address.split(':')[1]));
      });
      this.exited.then(() => reject(new Error('the simulator did not start: ' + this.log)));
    });
    return this;
  }

  async stop(signal = 'SIGTERM') {
    this.process.kill(signal);
    return this.exited;
  }

  async remove() {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }

  // Stripe's own client. Retries are off unless a test is about them.
  client(options = {}, apiKey = API_KEY) {
    return new Stripe(apiKey, {
      host: '127.0.0.1',
      port: this.port,
      protocol: 'http',
      telemetry: false,
      maxNetworkRetries: 0,
      timeout: 10_000,
      ...options,
    });
  }

  async control(method, path, body) {
    const answer = await fetch(`http://127.0.0.1:${this.port}/_control/${path}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
    return json;
  }
  fault(body) { return this.control('POST', 'faults', body); }
  books() { return this.control('GET', 'books'); }
  read(file) { return readFileSync(join(this.folder, file), 'utf8'); }
}

export async function tokenise(stripe, number, card = {}) {
  return stripe.paymentMethods.create({
    type: 'card',
    card: { number, exp_month: 12, exp_year: 2034, cvc: '987', ...card },
    billing_details: { name: 'Ada Lovelace' },
  });
}

// A customer with the card attached, and how to charge it off session.
export async function customerWithCard(stripe, number = '4242424242424242') {
  const customer = await stripe.customers.create({ metadata: { account: 'a-1' } });
  const method = await tokenise(stripe, number);
  await stripe.paymentMethods.attach(method.id, { customer: customer.id });
  const terms = (amount, more = {}) => ({
    amount,
    currency: 'eur',
    customer: customer.id,
    payment_method: method.id,
    payment_method_types: ['card'],
    confirm: true,
    off_session: true,
    ...more,
  });
  return { customer, method, terms };
}
