import { walk } from './walk.mjs';

console.log(JSON.stringify(await walk(JSON.parse(process.argv[2]))));
