// Runs before the application is taken down: undo here what post-deploy.js did.
console.log(`preUndeploy: delete the Subscription to ${process.env.CONNECT_GCP_TOPIC_NAME} here`);
