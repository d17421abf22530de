/** Vitest reporter: names every test that passed only when it was run again, so that a race is seen and mended. */
export default class Retried {
  onTestCaseResult(test) {
    const { retryCount = 0 } = test.diagnostic() ?? {};
    if (retryCount > 0 && test.result().state === 'passed') console.log(`retried: ${test.fullName}`);
  }
}
