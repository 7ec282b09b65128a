// Builds the site for the tests.
import { run } from '../../scripts/support/report.mjs';

export default () => run(['node', 'scripts/build-docs.mjs']);
