import { startStore } from '../shared/store';

startStore();
