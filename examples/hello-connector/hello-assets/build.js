// Whatever the build leaves in public/ is served as it is.
import { mkdirSync, writeFileSync } from 'node:fs';

const script = `document.querySelector('#greeting').textContent = 'Hello from hello-assets';
`;
const page = `<!doctype html>
<title>hello-assets</title>
<p id="greeting"></p>
<script src="hello.js"></script>
`;

mkdirSync('public', { recursive: true });
writeFileSync('public/hello.js', script);
writeFileSync('public/index.html', page);
