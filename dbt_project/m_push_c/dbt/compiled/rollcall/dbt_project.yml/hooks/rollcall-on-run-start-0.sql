
create schema if not exists raw_okta;

create table if not exists raw_okta.users (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.users
is $dbt_comment_literal_block$Internal, and may change in any version. One row per user of any status.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group of any type.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.group_rules (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.group_rules
is $dbt_comment_literal_block$Internal, and may change in any version. One row per rule that fills groups.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.group_members (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.group_members
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group with the users in it. Built-in groups have none.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.user_role_assignments (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.user_role_assignments
is $dbt_comment_literal_block$Internal, and may change in any version. One row per administrator, with the roles assigned, those through a group included.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.group_role_assignments (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.group_role_assignments
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group with roles, which its members get.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.client_role_assignments (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.client_role_assignments
is $dbt_comment_literal_block$Internal, and may change in any version. One row per service application, with the roles assigned.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.roles (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.roles
is $dbt_comment_literal_block$Internal, and may change in any version. One row per custom role, with its permissions. Okta does not list the standard ones.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.resource_sets (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.resource_sets
is $dbt_comment_literal_block$Internal, and may change in any version. One row per set of resources that a custom role is for.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.role_bindings (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.role_bindings
is $dbt_comment_literal_block$Internal, and may change in any version. One row per resource set and custom role, with the users, groups and service applications that have the role there.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.applications (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.applications
is $dbt_comment_literal_block$Internal, and may change in any version. One row per application. Those of type service act as accounts.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.application_users (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.application_users
is $dbt_comment_literal_block$Internal, and may change in any version. One row per application, with its users and whether a group assigned them.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.application_groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.application_groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per application, with the groups assigned to it.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.user_schemas (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.user_schemas
is $dbt_comment_literal_block$Internal, and may change in any version. One row per type of user, with the attributes that its schema defines. Read only where push rules write attributes.$dbt_comment_literal_block$;
create schema if not exists raw_okta;

create table if not exists raw_okta.log_events (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_okta.log_events
is $dbt_comment_literal_block$Internal, and may change in any version. One row per event of the System Log that concerns access. It shows what to read again and when a membership began, never what is granted now.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.agents (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.agents
is $dbt_comment_literal_block$Internal, and may change in any version. One row per agent, disabled and API-only ones included.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.agent_details (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.agent_details
is $dbt_comment_literal_block$Internal, and may change in any version. One row per agent that was read singly. Filled only where lists lack teams or roles.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.teams (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.teams
is $dbt_comment_literal_block$Internal, and may change in any version. One row per team, inactive ones included.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.team_details (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.team_details
is $dbt_comment_literal_block$Internal, and may change in any version. One row per team with its agents. Filled only where agents lack their teams.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.roles (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.roles
is $dbt_comment_literal_block$Internal, and may change in any version. One row per role of agents, with the teams it gives.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.role_agents (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.role_agents
is $dbt_comment_literal_block$Internal, and may change in any version. One row per role with its holders. Filled only where agents lack their roles.$dbt_comment_literal_block$;
create schema if not exists raw_haloitsm;

create table if not exists raw_haloitsm.tickets (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_haloitsm.tickets
is $dbt_comment_literal_block$Internal, and may change in any version. One row per ticket that Rollcall opened, with the meaning of its status and its last note.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.organization (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.organization
is $dbt_comment_literal_block$Internal, and may change in any version. The organization itself, for its time zone. May be empty.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.group_types (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.group_types
is $dbt_comment_literal_block$Internal, and may change in any version. One row per kind of group.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group, archived and future ones included.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.future_groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.future_groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group that does not exist yet. Its row in `groups` does not show that.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.archived_groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.archived_groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group that exists no more. A date of deletion in `groups` may lie in the future.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.persons (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.persons
is $dbt_comment_literal_block$Internal, and may change in any version. One row per person, former and future staff included.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.first_and_last_days (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.first_and_last_days
is $dbt_comment_literal_block$Internal, and may change in any version. One row per person who starts soon or has just left, as on the first or last day. Filled only where push rules are about such people.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.asked_fields (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.asked_fields
is $dbt_comment_literal_block$Internal, and may change in any version. One row per field that push rules ask for, and whether the tenant refuses it.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.queries (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.queries
is $dbt_comment_literal_block$Internal, and may change in any version. One row per query of push rules: the ids of the people whom it finds, or why ChartHop refuses it.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.jobs (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.jobs
is $dbt_comment_literal_block$Internal, and may change in any version. One row per job. Filled only where persons do not list their groups.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.person_groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.person_groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per person that was read singly. Filled only where neither list has groups.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.events (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.events
is $dbt_comment_literal_block$Internal, and may change in any version. One row per audit event since the first sync, as evidence of when and by whom. The feed may have gaps.$dbt_comment_literal_block$;
create schema if not exists raw_charthop;

create table if not exists raw_charthop.changes (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_charthop.changes
is $dbt_comment_literal_block$Internal, and may change in any version. One row per change that an event names: the person, the groups added and removed, and the date.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.activities (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.activities
is $dbt_comment_literal_block$Internal, and may change in any version. One row per audited change of a membership or role assignment since the first sync. It shows what to read again and when a grant was made, never what is granted now.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.populations (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.populations
is $dbt_comment_literal_block$Internal, and may change in any version. One row per population.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.groups (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.groups
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group, dynamic and external ones included.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.users (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.users
is $dbt_comment_literal_block$Internal, and may change in any version. One row per user, disabled ones included.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.roles (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.roles
is $dbt_comment_literal_block$Internal, and may change in any version. One row per role that can be assigned.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.applications (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.applications
is $dbt_comment_literal_block$Internal, and may change in any version. One row per application. Those of type WORKER act as accounts.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.group_members (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.group_members
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group, with the users in it.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.user_memberships (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.user_memberships
is $dbt_comment_literal_block$Internal, and may change in any version. One row per user, with the groups the user is in.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.group_nestings (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.group_nestings
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group, with the groups directly in it or around it.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.user_role_assignments (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.user_role_assignments
is $dbt_comment_literal_block$Internal, and may change in any version. One row per user, with the roles assigned.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.group_role_assignments (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.group_role_assignments
is $dbt_comment_literal_block$Internal, and may change in any version. One row per group, with the roles its members get.$dbt_comment_literal_block$;
create schema if not exists raw_pingone;

create table if not exists raw_pingone.application_role_assignments (
    id varchar not null,
    parent_id varchar,
    updated_at timestamptz,
    row_hash varchar not null,
    payload json not null
);

comment on table raw_pingone.application_role_assignments
is $dbt_comment_literal_block$Internal, and may change in any version. One row per application, with the roles assigned.$dbt_comment_literal_block$;