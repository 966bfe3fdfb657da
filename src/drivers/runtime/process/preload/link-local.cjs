'use strict';

// Clouds tell whoever asks at a link-local address who this machine is and lend its rights. Hosted connectors have no such
// neighbour. Refused for Node programs, in a sandbox or not; other programs are not stopped here.

const net = require('node:net');

exports.refuseLinkLocal = function refuseLinkLocal() {
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    const options = optionsOf(args);
    const host = options?.host;
    if (options === undefined || options.path || typeof host !== 'string') {
      return connect.apply(this, args);
    }
    if (isRefused(host)) {
      const error = refusal(host);
      process.nextTick(() => this.destroy(error));
      return this;
    }
    if (net.isIP(host) === 0)
      options.lookup = checkLookup(options.lookup ?? require('node:dns').lookup);
    return connect.apply(this, withOptions(args, options));
  };
};

/** The options of a call, to be changed: as an object, as `net.connect` hands them over, or as port and host. */
function optionsOf([first, second]) {
  if (Array.isArray(first)) return first[0];
  if (typeof first === 'object' && first !== null) return { ...first };
  return typeof second === 'string' ? { port: first, host: second } : undefined;
}

/** `net.connect` hands over one marked array: it must stay that array. */
function withOptions(args, options) {
  const [first, _host, ...rest] = args;
  if (Array.isArray(first)) return args;
  return typeof first === 'object' ? [options, ...args.slice(1)] : [options, ...rest];
}

function isRefused(host) {
  const address = host.replace(/^\[|\]$|%.*$/g, '');
  const family = net.isIP(address);
  // Addresses of IPv4 written as IPv6 are found by the rules for IPv4.
  return family !== 0 && refusedAddresses().check(address, family === 6 ? 'ipv6' : 'ipv4');
}

let refused;

/** Made for the first connection: many an application has none before its first answer. */
function refusedAddresses() {
  if (refused !== undefined) return refused;
  refused = new net.BlockList();
  refused.addSubnet('169.254.0.0', 16, 'ipv4');
  refused.addSubnet('fe80::', 10, 'ipv6');
  // The names that Amazon's and Google's services have in IPv6.
  refused.addAddress('fd00:ec2::254', 'ipv6');
  refused.addAddress('fd20:ce::254', 'ipv6');
  return refused;
}

/** Options are used again and again: a look-up is wrapped once. */
const checked = new WeakSet();

/** A name may lead there, too. */
function checkLookup(lookup) {
  if (checked.has(lookup)) return lookup;
  const wrapped = (name, options, callback) =>
    lookup(name, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      const one = error ? undefined : addresses.find((address) => isRefused(String(address)));
      if (one === undefined) callback(error, found, family);
      else callback(refusal(one));
    });
  checked.add(wrapped);
  return wrapped;
}

function refusal(address) {
  return Object.assign(
    new Error(`connect EACCES ${address}: Berth lets no connector reach link-local addresses`),
    { code: 'EACCES', syscall: 'connect', address },
  );
}
