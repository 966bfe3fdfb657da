// Runs before the application is taken down: undo here what post-deploy.js did.
console.log(`preUndeploy: remove the API Extension for ${process.env.CONNECT_SERVICE_URL} here`);
