// Runs after every successful deployment, so it must be safe to repeat.
const url = process.env.CONNECT_SERVICE_URL;
if (url === undefined) throw new Error('CONNECT_SERVICE_URL is not set');

console.log(`postDeploy: hello-service answers at ${url}; register it as an API Extension here`);
