// Stands in for undici's client of HTTP/2, which is switched off unless `allowH2` is set.
module.exports = () => {
  throw new Error('HTTP/2 is not part of this bundle');
};
