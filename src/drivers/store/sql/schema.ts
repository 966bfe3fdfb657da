import type { Generated } from 'kysely';

/** The tables, as both engines have them. Documents are JSON text; what is searched or compared has its own column. */
export interface Schema {
  project: { key: string; production_enabled: number; created_at: number };
  api_client: {
    id: string;
    project_key: string;
    name: string;
    scopes: string;
    secret_hash: string;
    created_at: number;
  };
  access_token: {
    hash: string;
    client_id: string;
    project_key: string;
    scopes: string;
    expires_at: number;
  };
  connector_staged: Keyed & { is_private: number; status: Generated<string> };
  connector: Keyed & {
    is_private: number;
    is_listed: number;
    company: string;
    searched_text: string;
  };
  /** The projects that a private Connector is assigned to, its creator's among them. */
  connector_project: { connector_id: string; project_key: string };
  /** `integration_types` are sorted, with spaces between: Deployments of one type that have the same are of one kind. */
  deployment: Keyed & { type: string; connector_id: string; integration_types: string };
  /** How many Deployments there are of each kind: to count a million takes too long. */
  deployment_count: { project_key: string; type: string; integration_types: string; count: number };
  operation: {
    seq: Generated<number>;
    id: string;
    project_key: string;
    subject: string;
    report_id: string;
    input: string;
    state: string;
    attempt: number;
    worker: string | null;
    lease_until: number | null;
    created_at: number;
    deadline_at: number;
    finished_at: number | null;
    started_at: Generated<number | null>;
    cancel_requested_at: Generated<number | null>;
    cancel_requested_by: Generated<string | null>;
    uncancellable: Generated<string | null>;
    /** How many changes people are told of; each of those below has its number. */
    changes: Generated<number>;
    claim_number: Generated<number | null>;
    cancel_number: Generated<number | null>;
    end_number: Generated<number | null>;
  };
  operation_step_start: {
    seq: Generated<number>;
    operation_id: string;
    name: string;
    started_at: number;
    number: Generated<number>;
  };
  operation_step: {
    operation_id: string;
    name: string;
    result: string;
    finished_at: number;
    number: Generated<number>;
  };
  report_entry: {
    seq: Generated<number>;
    report_id: string;
    step: string;
    type: string;
    title: string;
    message: string | null;
    application: string | null;
    created_at: string;
  };
  release: {
    id: string;
    deployment_id: string;
    number: number;
    state: string;
    routed: number;
    edition: Generated<number>;
    document: string;
    created_at: number;
  };
  revision: {
    deployment_id: string;
    number: number;
    project_key: string;
    /** A JSON list, so that nobody has to read the documents for it. */
    artifact_keys: string;
    document: string;
    created_at: number;
  };
  instance: { id: string; release_id: string; document: string; updated_at: number };
  address: {
    host_label: string;
    project_key: string;
    deployment_id: string;
    application_name: string;
    port: number | null;
    state: string;
  };
  audit_log: {
    seq: Generated<number>;
    project_key: string;
    at: number;
    action: string;
    actor: string;
    subject: string | null;
    resource_id: string;
    /** What the resource belongs to: found by either. */
    owner_id: Generated<string | null>;
    document: string;
  };
  kept_answer: {
    seq: Generated<number>;
    id: string;
    project_key: string;
    sealed: string;
    bytes: number;
    created_at: number;
  };
  /** One row. */
  master_key: { place: Generated<number>; id: string };
  sealing_key: {
    owner: string;
    id: string;
    public_key: string;
    master_key_id: string;
    wrapped_private_key: string;
    wrapped_digest_key: string;
  };
  lease: { pool: string; place: number; holder: string; worker: string; held_until: number };
  job_run: {
    seq: Generated<number>;
    id: string;
    project_key: string;
    deployment_id: string;
    application_name: string;
    trigger_kind: string;
    state: string;
    /** 1 where it may not run beside another one of its job that has it. */
    is_alone: number;
    /** Absent where it was asked for. Of each job every tick has one run. */
    tick_at: number | null;
    requested_at: number | null;
    requested_by: string | null;
    /** The seat of the data plane that runs it. */
    plane: string | null;
    started_at: number | null;
    finished_at: number | null;
    status: number | null;
    reason: string | null;
  };
}

const tables: Readonly<Record<keyof Schema, true>> = {
  project: true,
  api_client: true,
  access_token: true,
  connector_staged: true,
  connector: true,
  connector_project: true,
  deployment: true,
  deployment_count: true,
  operation: true,
  operation_step_start: true,
  operation_step: true,
  report_entry: true,
  release: true,
  revision: true,
  instance: true,
  address: true,
  audit_log: true,
  kept_answer: true,
  master_key: true,
  sealing_key: true,
  lease: true,
  job_run: true,
};

/** There at earlier schemas only, whose backups are taken still. */
const formerTables: readonly string[] = ['job_tick'];

/** What else is in the database is no record: it says what the schema is, or whose the records are. */
export const tableNames: readonly string[] = [...Object.keys(tables), ...formerTables];

interface Keyed {
  id: string;
  project_key: string;
  key: string | null;
  version: number;
  document: string;
  created_at: number;
  last_modified_at: number;
}
