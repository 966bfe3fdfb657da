/** Numbered and never edited once released; a change is a new one. */
export const migrations = [
  {
    number: 1,
    name: 'control records',
    sql: `
create table project (key text primary key, production_enabled integer not null, created_at integer not null) strict;
create table api_client (id text primary key, project_key text not null, name text not null, scopes text not null,
  secret_hash text not null, created_at integer not null) strict;
create index api_client_by_project on api_client (project_key, created_at);
create table access_token (hash text primary key, client_id text not null, project_key text not null,
  scopes text not null, expires_at integer not null) strict;
create index access_token_by_expiry on access_token (expires_at);
create table connector_staged (id text primary key, project_key text not null, key text, version integer not null,
  document text not null, is_private integer not null, created_at integer not null, last_modified_at integer not null) strict;
create unique index connector_staged_key on connector_staged (project_key, key) where key is not null;
create index connector_staged_by_key on connector_staged (key);
create table connector (id text primary key, project_key text not null, key text, version integer not null,
  document text not null, created_at integer not null, last_modified_at integer not null) strict;
create index connector_by_key on connector (key);
create table deployment (id text primary key, project_key text not null, key text, version integer not null,
  document text not null, type text not null, connector_id text not null, created_at integer not null,
  last_modified_at integer not null) strict;
create unique index deployment_key on deployment (project_key, key) where key is not null;
create index deployment_by_time on deployment (project_key, created_at, id);
create index deployment_by_connector on deployment (connector_id);
create table operation (seq integer primary key autoincrement, id text not null unique, project_key text not null,
  subject text not null, report_id text not null, input text not null, state text not null, attempt integer not null, worker text,
  lease_until integer, created_at integer not null, deadline_at integer not null, finished_at integer) strict;
create unique index operation_one_running on operation (subject) where state = 'running';
create index operation_open on operation (state, seq) where state in ('queued', 'running');
create index operation_by_subject on operation (subject);
create table operation_step (operation_id text not null, name text not null, result text not null,
  finished_at integer not null, primary key (operation_id, name)) strict;
create table report_entry (seq integer primary key autoincrement, report_id text not null, step text not null,
  type text not null, title text not null, message text, application text, created_at text not null) strict;
create index report_entry_by_report on report_entry (report_id, seq);
create table release (id text primary key, deployment_id text not null, number integer not null, state text not null,
  routed integer not null, document text not null, created_at integer not null) strict;
create index release_by_deployment on release (deployment_id);
create index release_by_state on release (state);
create table instance (id text primary key, release_id text not null, document text not null,
  updated_at integer not null) strict;
create index instance_by_release on instance (release_id);
create table address (host_label text primary key, project_key text not null, deployment_id text not null,
  application_name text not null, port integer, state text not null) strict;
create unique index address_port on address (port) where port is not null;
create table job_tick (deployment_id text not null, application_name text not null, tick_at integer not null,
  primary key (deployment_id, application_name, tick_at)) strict;
`,
  },
  {
    number: 2,
    name: 'revisions',
    // A release that runs no more is forgotten from now on; until now it was kept as retired.
    sql: `
create table revision (deployment_id text not null, number integer not null, project_key text not null,
  artifact_keys text not null, document text not null, created_at integer not null,
  primary key (deployment_id, number)) strict;
delete from release where state = 'retired';
`,
  },
  {
    number: 3,
    name: 'progress and cancelling of operations',
    sql: `
alter table operation add column started_at integer;
alter table operation add column cancel_requested_at integer;
alter table operation add column cancel_requested_by text;
alter table operation add column uncancellable text;
create index operation_by_project on operation (project_key, seq);
create index operation_to_cancel on operation (seq) where cancel_requested_at is not null and finished_at is null;
create table operation_step_start (seq integer primary key autoincrement, operation_id text not null, name text not null,
  started_at integer not null) strict;
create unique index operation_step_start_of on operation_step_start (operation_id, name);
`,
  },
  {
    number: 4,
    name: 'tokens by client',
    sql: `
create index access_token_by_client on access_token (client_id, expires_at);
`,
  },
  {
    number: 5,
    name: 'audit log',
    sql: `
create table audit_log (seq integer primary key autoincrement, project_key text not null, at integer not null,
  action text not null, actor text not null, subject text, resource_id text not null, document text not null) strict;
create index audit_log_by_project on audit_log (project_key, seq);
create index audit_log_by_resource on audit_log (resource_id, seq);
create index audit_log_by_time on audit_log (at);
`,
  },
  {
    number: 6,
    name: 'connector search',
    sql: `
alter table connector_staged add column status text not null default 'Draft';
update connector_staged set status = json_extract(document, '$.status');
create index connector_staged_certifying on connector_staged (last_modified_at, id)
  where status in ('ReadyForCertification', 'InCertification');
alter table connector add column is_private integer not null default 1;
alter table connector add column is_listed integer not null default 0;
alter table connector add column company text not null default '';
alter table connector add column searched_text text not null default '';
update connector set is_private = json_extract(document, '$.private'), is_listed = json_extract(document, '$.listed'),
  company = lower(coalesce(json_extract(document, '$.creator.company'), '')),
  searched_text = lower(json_extract(document, '$.name') || char(10) || coalesce(json_extract(document, '$.description'), ''));
create index connector_listed on connector (is_private, created_at, id) where is_listed = 1;
create table connector_project (connector_id text not null, project_key text not null,
  primary key (project_key, connector_id)) strict, without rowid;
create index connector_project_of on connector_project (connector_id);
insert into connector_project (connector_id, project_key)
  select id, project_key from connector
  union select connector.id, substr(value, instr(value, ':') + 1)
    from connector, json_each(connector.document, '$.privateProjects');
`,
  },
  {
    number: 7,
    name: 'answers kept for repeated requests',
    sql: `
create table kept_answer (seq integer primary key autoincrement, id text not null unique, project_key text not null,
  sealed text not null, bytes integer not null, created_at integer not null) strict;
create index kept_answer_by_project on kept_answer (project_key, seq, bytes);
create index kept_answer_by_time on kept_answer (created_at);
`,
  },
  {
    number: 8,
    name: 'order of what happens to operations',
    sql: `
alter table operation add column changes integer not null default 0;
alter table operation add column claim_number integer;
alter table operation add column cancel_number integer;
alter table operation add column end_number integer;
alter table operation_step_start add column number integer not null default 0;
alter table operation_step add column number integer not null default 0;
`,
  },
  {
    number: 9,
    name: 'audit log by what operations work on',
    sql: `
alter table audit_log add column owner_id text;
update audit_log set owner_id = json_extract(document, '$.before.subject.id') where action like 'cancel%';
create index audit_log_by_owner on audit_log (owner_id, seq) where owner_id is not null;
`,
  },
  {
    number: 10,
    name: 'keys of Deployments',
    sql: `
create table master_key (place integer primary key check (place = 1), id text not null) strict;
create table sealing_key (owner text primary key, id text not null, public_key text not null, master_key_id text not null,
  wrapped_private_key text not null, wrapped_digest_key text not null) strict, without rowid;
`,
  },
  {
    number: 11,
    name: 'leases',
    sql: `
create table lease (
  pool text not null,
  place integer not null,
  holder text not null unique,
  worker text not null,
  held_until integer not null,
  primary key (pool, place)
) strict, without rowid;
`,
  },
  {
    number: 12,
    name: 'counts of Deployments',
    sql: `
alter table deployment add column integration_types text not null default '';
update deployment set integration_types = coalesce((
  select group_concat(value, ' ') from (
    select distinct value from json_each(deployment.document, '$.connector.integrationTypes') order by value
  )), '');
create index deployment_by_change on deployment (project_key, last_modified_at, id);
create index deployment_of_kind_by_time on deployment (project_key, type, integration_types, created_at, id);
create index deployment_of_kind_by_change on deployment (project_key, type, integration_types, last_modified_at, id);
create table deployment_count (project_key text not null, type text not null, integration_types text not null,
  count integer not null, primary key (project_key, type, integration_types)) strict, without rowid;
insert into deployment_count select project_key, type, integration_types, count(*) from deployment group by 1, 2, 3;
`,
  },
  {
    number: 13,
    name: 'runs of jobs',
    // Of ticks so far only the newest of each job counts: it must not run again.
    sql: `
create table job_run (
  seq integer primary key autoincrement,
  id text not null unique,
  project_key text not null,
  deployment_id text not null,
  application_name text not null,
  trigger_kind text not null,
  state text not null,
  is_alone integer not null,
  tick_at integer,
  requested_at integer,
  requested_by text,
  plane text,
  started_at integer,
  finished_at integer,
  status integer,
  reason text
) strict;
create unique index job_run_of_tick on job_run (deployment_id, application_name, tick_at);
create unique index job_run_alone on job_run (deployment_id, application_name) where state = 'running' and is_alone = 1;
create index job_run_open on job_run (state, seq) where state in ('requested', 'running');
insert into job_run (id, project_key, deployment_id, application_name, trigger_kind, state, is_alone, tick_at, finished_at, reason)
  select lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||
      substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
    d.project_key, t.deployment_id, t.application_name, 'schedule', 'interrupted', 0, max(t.tick_at), max(t.tick_at),
    'It ran before Berth kept a history of runs.'
  from job_tick t join deployment d on d.id = t.deployment_id
  group by d.project_key, t.deployment_id, t.application_name;
drop table job_tick;
`,
  },
  {
    number: 14,
    name: 'editions of releases',
    // One that is looked at every second is read again only where it is another.
    sql: 'alter table release add column edition integer not null default 0;',
  },
] as const;
