// Builds the site that the tests look at.
import { run } from '../../scripts/support/report.mjs';

export default () => run(['node', 'scripts/build-docs.mjs']);
