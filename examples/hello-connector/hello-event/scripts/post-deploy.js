// Runs after every successful deployment, so it must be safe to repeat.
const topic = process.env.CONNECT_GCP_TOPIC_NAME;
if (topic === undefined) throw new Error('CONNECT_GCP_TOPIC_NAME is not set');

console.log(`postDeploy: hello-event listens to topic ${topic}; create a Subscription to it here`);
