/**
 * Numbered and never edited once released; a change is a new one, here and for SQLite. Text compares by its bytes, as in SQLite.
 */
export const migrations = [
  {
    number: 1,
    name: 'records',
    sql: `
create table project (
  key text collate "C" primary key,
  production_enabled bigint not null,
  created_at bigint not null
);
create table api_client (
  id text collate "C" primary key,
  project_key text collate "C" not null,
  name text collate "C" not null,
  scopes text collate "C" not null,
  secret_hash text collate "C" not null,
  created_at bigint not null
);
create index api_client_by_project on api_client (project_key, created_at);
create table access_token (
  hash text collate "C" primary key,
  client_id text collate "C" not null,
  project_key text collate "C" not null,
  scopes text collate "C" not null,
  expires_at bigint not null
);
create index access_token_by_expiry on access_token (expires_at);
create index access_token_by_client on access_token (client_id, expires_at);
create table connector_staged (
  id text collate "C" primary key,
  project_key text collate "C" not null,
  key text collate "C",
  version bigint not null,
  document text collate "C" not null,
  is_private bigint not null,
  created_at bigint not null,
  last_modified_at bigint not null,
  status text collate "C" not null default 'Draft'
);
create unique index connector_staged_key on connector_staged (project_key, key) where key is not null;
create index connector_staged_by_key on connector_staged (key);
create index connector_staged_certifying on connector_staged (last_modified_at, id) where status in ('ReadyForCertification', 'InCertification');
create table connector (
  id text collate "C" primary key,
  project_key text collate "C" not null,
  key text collate "C",
  version bigint not null,
  document text collate "C" not null,
  created_at bigint not null,
  last_modified_at bigint not null,
  is_private bigint not null default 1,
  is_listed bigint not null default 0,
  company text collate "C" not null default '',
  searched_text text collate "C" not null default ''
);
create index connector_by_key on connector (key);
create index connector_listed on connector (is_private, created_at, id) where is_listed = 1;
create table deployment (
  id text collate "C" primary key,
  project_key text collate "C" not null,
  key text collate "C",
  version bigint not null,
  document text collate "C" not null,
  type text collate "C" not null,
  connector_id text collate "C" not null,
  created_at bigint not null,
  last_modified_at bigint not null
);
create unique index deployment_key on deployment (project_key, key) where key is not null;
create index deployment_by_time on deployment (project_key, created_at, id);
create index deployment_by_connector on deployment (connector_id);
create table operation (
  seq bigint generated always as identity primary key,
  id text collate "C" not null unique,
  project_key text collate "C" not null,
  subject text collate "C" not null,
  report_id text collate "C" not null,
  input text collate "C" not null,
  state text collate "C" not null,
  attempt bigint not null,
  worker text collate "C",
  lease_until bigint,
  created_at bigint not null,
  deadline_at bigint not null,
  finished_at bigint,
  started_at bigint,
  cancel_requested_at bigint,
  cancel_requested_by text collate "C",
  uncancellable text collate "C",
  changes bigint not null default 0,
  claim_number bigint,
  cancel_number bigint,
  end_number bigint
);
create unique index operation_one_running on operation (subject) where state = 'running';
create index operation_open on operation (state, seq) where state in ('queued', 'running');
create index operation_by_subject on operation (subject);
create index operation_by_project on operation (project_key, seq);
create index operation_to_cancel on operation (seq) where cancel_requested_at is not null and finished_at is null;
create table operation_step (
  operation_id text collate "C" not null,
  name text collate "C" not null,
  result text collate "C" not null,
  finished_at bigint not null,
  number bigint not null default 0,
  primary key (operation_id, name)
);
create table report_entry (
  seq bigint generated always as identity primary key,
  report_id text collate "C" not null,
  step text collate "C" not null,
  type text collate "C" not null,
  title text collate "C" not null,
  message text collate "C",
  application text collate "C",
  created_at text collate "C" not null
);
create index report_entry_by_report on report_entry (report_id, seq);
create table release (
  id text collate "C" primary key,
  deployment_id text collate "C" not null,
  number bigint not null,
  state text collate "C" not null,
  routed bigint not null,
  document text collate "C" not null,
  created_at bigint not null
);
create index release_by_deployment on release (deployment_id);
create index release_by_state on release (state);
create table instance (
  id text collate "C" primary key,
  release_id text collate "C" not null,
  document text collate "C" not null,
  updated_at bigint not null
);
create index instance_by_release on instance (release_id);
create table address (
  host_label text collate "C" primary key,
  project_key text collate "C" not null,
  deployment_id text collate "C" not null,
  application_name text collate "C" not null,
  port bigint,
  state text collate "C" not null
);
create unique index address_port on address (port) where port is not null;
create table job_tick (
  deployment_id text collate "C" not null,
  application_name text collate "C" not null,
  tick_at bigint not null,
  primary key (deployment_id, application_name, tick_at)
);
create table revision (
  deployment_id text collate "C" not null,
  number bigint not null,
  project_key text collate "C" not null,
  artifact_keys text collate "C" not null,
  document text collate "C" not null,
  created_at bigint not null,
  primary key (deployment_id, number)
);
create table operation_step_start (
  seq bigint generated always as identity primary key,
  operation_id text collate "C" not null,
  name text collate "C" not null,
  started_at bigint not null,
  number bigint not null default 0
);
create unique index operation_step_start_of on operation_step_start (operation_id, name);
create table audit_log (
  seq bigint generated always as identity primary key,
  project_key text collate "C" not null,
  at bigint not null,
  action text collate "C" not null,
  actor text collate "C" not null,
  subject text collate "C",
  resource_id text collate "C" not null,
  document text collate "C" not null,
  owner_id text collate "C"
);
create index audit_log_by_project on audit_log (project_key, seq);
create index audit_log_by_resource on audit_log (resource_id, seq);
create index audit_log_by_time on audit_log (at);
create index audit_log_by_owner on audit_log (owner_id, seq) where owner_id is not null;
create table connector_project (
  connector_id text collate "C" not null,
  project_key text collate "C" not null,
  primary key (project_key, connector_id)
);
create index connector_project_of on connector_project (connector_id);
create table kept_answer (
  seq bigint generated always as identity primary key,
  id text collate "C" not null unique,
  project_key text collate "C" not null,
  sealed text collate "C" not null,
  bytes bigint not null,
  created_at bigint not null
);
create index kept_answer_by_project on kept_answer (project_key, seq, bytes);
create index kept_answer_by_time on kept_answer (created_at);
`,
  },
  {
    number: 2,
    name: 'keys of Deployments',
    sql: `
create table master_key (place bigint primary key check (place = 1), id text collate "C" not null);
create table sealing_key (
  owner text collate "C" primary key,
  id text collate "C" not null,
  public_key text collate "C" not null,
  master_key_id text collate "C" not null,
  wrapped_private_key text collate "C" not null,
  wrapped_digest_key text collate "C" not null
);
`,
  },
  {
    number: 3,
    name: 'data directory',
    sql: `
create table data_directory (
  only_one boolean primary key default true check (only_one),
  id text collate "C" not null
);`,
  },
  {
    number: 4,
    name: 'leases',
    sql: `
create table lease (
  pool text collate "C" not null,
  place bigint not null,
  holder text collate "C" not null unique,
  worker text collate "C" not null,
  held_until bigint not null,
  primary key (pool, place)
);
`,
  },
  {
    number: 5,
    name: 'counts of Deployments',
    sql: `
alter table deployment add column integration_types text collate "C" not null default '';
update deployment set integration_types = coalesce((
  select string_agg(distinct value collate "C", ' ' order by value collate "C")
  from json_array_elements_text(document::json #> '{connector,integrationTypes}') as listed(value)), '');
create index deployment_by_change on deployment (project_key, last_modified_at, id);
create index deployment_of_kind_by_time on deployment (project_key, type, integration_types, created_at, id);
create index deployment_of_kind_by_change on deployment (project_key, type, integration_types, last_modified_at, id);
create table deployment_count (
  project_key text collate "C" not null,
  type text collate "C" not null,
  integration_types text collate "C" not null,
  count bigint not null,
  primary key (project_key, type, integration_types)
);
insert into deployment_count select project_key, type, integration_types, count(*) from deployment group by 1, 2, 3;
`,
  },
  {
    number: 6,
    name: 'runs of jobs',
    // Of ticks so far only the newest of each job counts: it must not run again.
    sql: `
create table job_run (
  seq bigint generated always as identity primary key,
  id text collate "C" not null unique,
  project_key text collate "C" not null,
  deployment_id text collate "C" not null,
  application_name text collate "C" not null,
  trigger_kind text collate "C" not null,
  state text collate "C" not null,
  is_alone bigint not null,
  tick_at bigint,
  requested_at bigint,
  requested_by text collate "C",
  plane text collate "C",
  started_at bigint,
  finished_at bigint,
  status bigint,
  reason text collate "C"
);
create unique index job_run_of_tick on job_run (deployment_id, application_name, tick_at);
create unique index job_run_alone on job_run (deployment_id, application_name) where state = 'running' and is_alone = 1;
create index job_run_open on job_run (state, seq) where state in ('requested', 'running');
insert into job_run (id, project_key, deployment_id, application_name, trigger_kind, state, is_alone, tick_at, finished_at, reason)
  select gen_random_uuid()::text, d.project_key, t.deployment_id, t.application_name, 'schedule', 'interrupted', 0,
    max(t.tick_at), max(t.tick_at), 'It ran before Berth kept a history of runs.'
  from job_tick t join deployment d on d.id = t.deployment_id
  group by d.project_key, t.deployment_id, t.application_name;
drop table job_tick;
`,
  },
  {
    number: 7,
    name: 'editions of releases',
    // One that is looked at every second is read again only where it is another.
    sql: 'alter table release add column edition bigint not null default 0;',
  },
] as const;
