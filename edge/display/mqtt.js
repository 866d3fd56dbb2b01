// MQTT 3.1.1 over a websocket, as much as a display needs: subscribe, publish, stay connected.

const CONNECT = 0x10, CONNACK = 2, PUBLISH = 3, PUBACK = 0x40, SUBSCRIBE = 0x82, SUBACK = 9, PINGREQ = 0xc0;
const KEEPALIVE_SECONDS = 20;
const ANSWER_SECONDS = 5; // for the connection, and for the broker's answer to it
const FIRST_PAUSE_SECONDS = 0.5, LONGEST_PAUSE_SECONDS = 2; // captions of the meantime are not sent again
const REFUSED = { 4: "wrong user name or password", 5: "not authorised" };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Subscribes, and subscribes again at each new connection.
 * onMessage(topic, text); onConnection(online, reason).
 */
export class MqttClient {
  constructor({ url, username, password, topics, onMessage, onConnection }) {
    Object.assign(this, { url, username, password, topics, onMessage, onConnection });
    this.pause = FIRST_PAUSE_SECONDS;
    this.id = `asl-display-${crypto.getRandomValues(new Uint32Array(1))[0].toString(16)}`;
  }

  connect() {
    this.reason = "the broker does not answer";
    this.received = new Uint8Array();
    this.online = false;
    this.socket = new WebSocket(this.url, "mqtt");
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.send(CONNECT, this.greeting());
    this.socket.onmessage = (event) => this.receive(new Uint8Array(event.data));
    this.socket.onclose = () => this.lost();
    this.expectWithin(ANSWER_SECONDS);
  }

  publish(topic, text) {
    if (!this.online) return false;
    this.send(PUBLISH << 4, [...field(topic), ...encoder.encode(text)]);
    return true;
  }

  greeting() {
    const flags = 0x02 | (this.username ? 0x80 : 0) | (this.password ? 0x40 : 0); // 0x02: a clean session
    const credentials = [this.username, this.password].filter(Boolean).flatMap(field);
    return [...field("MQTT"), 4, flags, ...uint16(KEEPALIVE_SECONDS), ...field(this.id), ...credentials];
  }

  send(type, body) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(new Uint8Array([type, ...remainingLength(body.length), ...body]));
  }

  receive(bytes) {
    const waiting = new Uint8Array(this.received.length + bytes.length);
    waiting.set(this.received);
    waiting.set(bytes, this.received.length);
    this.received = waiting;
    for (let packet; (packet = this.nextPacket()); ) this.handle(packet.header, packet.body);
  }

  // The first whole packet received, or undefined: packets and websocket messages share no borders.
  nextPacket() {
    let length = 0, at = 1;
    for (let shift = 0; ; shift += 7) {
      if (at >= this.received.length) return undefined;
      const byte = this.received[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      if (shift === 21) return void this.socket.close();
    }
    if (this.received.length < at + length) return undefined;
    const packet = { header: this.received[0], body: this.received.subarray(at, at + length) };
    this.received = this.received.slice(at + length);
    return packet;
  }

  handle(header, body) {
    const type = header >> 4;
    this.expectWithin(1.5 * KEEPALIVE_SECONDS);
    if (type === CONNACK && body[1] !== 0) {
      this.reason = REFUSED[body[1]] ?? `the broker refuses (${body[1]})`;
      this.socket.close();
    } else if (type === CONNACK) {
      this.send(SUBSCRIBE, [...uint16(1), ...this.topics.flatMap((topic) => [...field(topic), 1])]);
    } else if (type === SUBACK) {
      this.online = true;
      this.pause = FIRST_PAUSE_SECONDS;
      this.pinging = setInterval(() => this.send(PINGREQ, []), (KEEPALIVE_SECONDS / 2) * 1000);
      this.onConnection(true, "");
    } else if (type === PUBLISH) {
      this.deliver(header, body);
    }
  }

  deliver(header, body) {
    const topicEnd = 2 + ((body[0] << 8) | body[1]);
    const qos = (header >> 1) & 3;
    if (qos) this.send(PUBACK, [body[topicEnd], body[topicEnd + 1]]);
    const payload = body.subarray(topicEnd + (qos ? 2 : 0));
    this.onMessage(decoder.decode(body.subarray(2, topicEnd)), decoder.decode(payload));
  }

  // A broker that is silent for so long is gone, whatever the socket says.
  expectWithin(seconds) {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.lost(), seconds * 1000);
  }

  lost() {
    clearTimeout(this.deadline);
    clearInterval(this.pinging);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    if (this.online) this.reason = "the connection was lost";
    this.online = false;
    setTimeout(() => this.connect(), this.pause * (0.5 + Math.random() / 2) * 1000);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_SECONDS);
    this.onConnection(false, this.reason);
  }
}

function uint16(number) {
  return [number >> 8, number & 0xff];
}

function field(text) {
  const bytes = encoder.encode(text);
  return [...uint16(bytes.length), ...bytes];
}

function remainingLength(length) {
  const bytes = [];
  do {
    bytes.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    length >>= 7;
  } while (length);
  return bytes;
}
