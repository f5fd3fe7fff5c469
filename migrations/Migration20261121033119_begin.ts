import { Migration } from '@mikro-orm/migrations'

export class Migration20261121033119_begin extends Migration {
  override name = 'Migration20261121033119_begin'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "agent" ("id" uuid not null, "name" varchar(255) not null, "backend" varchar(255) not null, "vendor_agent_id" varchar(255) null, "voice_id" varchar(255) null, "instructions" text null, "first_message" text null, "language" varchar(255) null, "tools" jsonb not null, "transfer_number" varchar(255) null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("id"));`,
    )

    this.addSql(
      `create table "agent_number" ("number" varchar(255) not null, "agent_id" uuid not null, primary key ("number"));`,
    )

    this.addSql(
      `create table "audio_asset" ("key" varchar(255) not null, "bytes" bytea not null, "created_at" timestamptz not null default now(), primary key ("key"));`,
    )

    this.addSql(
      `create table "caller_voice_mapping" ("caller_id" varchar(255) not null, "name" varchar(255) not null, "sample_key" varchar(255) not null, "consent_by" text not null, "consent_at" timestamptz not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("caller_id"));`,
    )
    this.addSql(`create index "caller_voice_mapping_sample" on "caller_voice_mapping" ("sample_key");`)

    this.addSql(
      `create table "call_log" ("id" uuid not null, "provider" varchar(255) not null, "provider_call_id" varchar(255) not null, "direction" varchar(255) not null, "from_number" varchar(255) not null, "to_number" varchar(255) not null, "agent_id" uuid null, "public_origin" text not null, "media_secret" varchar(255) not null, "state" varchar(255) not null, "bridge" varchar(255) null, "voice_state" varchar(255) not null, "snapshot" jsonb not null, "chart_version" varchar(255) not null, "last_seq" int not null, "sample_key" varchar(255) null, "voice_id" varchar(255) null, "node_id" uuid null, "started_at" timestamptz not null default now(), "bridged_at" timestamptz null, "ended_at" timestamptz null, "outcome" varchar(255) null, "fault" varchar(255) null, "metadata" jsonb null, primary key ("id"));`,
    )
    this.addSql(`create index "call_log_started" on "call_log" ("started_at", "id");`)
    this.addSql(`create index "call_log_live" on "call_log" ("sample_key") where "ended_at" is null;`)
    this.addSql(
      `alter table "call_log" add constraint "call_log_provider_call" unique ("provider", "provider_call_id");`,
    )

    this.addSql(
      `create table "call_event" ("call_id" uuid not null, "seq" int not null, "event_id" varchar(255) null, "type" varchar(255) not null, "event" jsonb not null, "state_before" varchar(255) not null, "state_after" varchar(255) not null, "effects" jsonb not null, "at" timestamptz not null, primary key ("call_id", "seq"));`,
    )
    this.addSql(`create index "call_event_type" on "call_event" ("type", "at");`)
    this.addSql(
      `alter table "call_event" add constraint "call_event_delivery" unique ("call_id", "event_id");`,
    )

    this.addSql(
      `create table "agent_conversation" ("conversation_id" varchar(255) not null, "call_id" uuid not null, "started_at" timestamptz not null default now(), primary key ("conversation_id"));`,
    )
    this.addSql(`create index "agent_conversation_call" on "agent_conversation" ("call_id");`)

    this.addSql(
      `create table "call_timer" ("call_id" uuid not null, "timer_id" varchar(200) not null, "due_at" timestamptz not null, primary key ("call_id", "timer_id"));`,
    )
    this.addSql(`create index "call_timer_due" on "call_timer" ("due_at");`)

    this.addSql(
      `create table "conversation_turn" ("id" bigserial primary key, "call_id" uuid not null, "role" varchar(255) not null, "text" text not null, "heard" text null, "interrupted" boolean not null default false, "at" timestamptz not null);`,
    )
    this.addSql(`create index "conversation_turn_call" on "conversation_turn" ("call_id", "id");`)

    this.addSql(
      `create table "post_call_report" ("conversation_id" varchar(255) not null, "transcription" jsonb null, "failure" jsonb null, "audio" bytea null, "received_at" timestamptz not null default now(), primary key ("conversation_id"));`,
    )

    this.addSql(
      `create table "service_node" ("id" uuid not null, "worker_ids" text[] not null, "started_at" timestamptz not null default now(), primary key ("id"));`,
    )

    this.addSql(
      `create table "voice_clone_cache" ("sample_key" varchar(255) not null, "status" varchar(255) not null, "vendor_voice_id" varchar(255) null, "failure" text null, "requested_at" timestamptz not null default now(), "ready_at" timestamptz null, "expires_at" timestamptz null, "last_used_at" timestamptz null, primary key ("sample_key"));`,
    )

    this.addSql(
      `create table "voice_clone_log" ("id" bigserial primary key, "sample_key" varchar(255) not null, "call_id" uuid null, "result" varchar(255) not null, "vendor_voice_id" varchar(255) null, "duration_ms" int null, "detail" text null, "at" timestamptz not null default now());`,
    )
    this.addSql(`create index "voice_clone_log_result" on "voice_clone_log" ("result", "at");`)

    this.addSql(
      `create table "voice_sample" ("sample_key" varchar(255) not null, "sha256" varchar(255) not null, "file_name" text not null, "mime_type" varchar(255) not null, "bytes" bytea not null, "created_at" timestamptz not null default now(), primary key ("sample_key", "sha256"));`,
    )

    this.addSql(
      `alter table "agent_number" add constraint "agent_number_agent_id_foreign" foreign key ("agent_id") references "agent" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "call_event" add constraint "call_event_call_id_foreign" foreign key ("call_id") references "call_log" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "agent_conversation" add constraint "agent_conversation_call_id_foreign" foreign key ("call_id") references "call_log" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "call_timer" add constraint "call_timer_call_id_foreign" foreign key ("call_id") references "call_log" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "conversation_turn" add constraint "conversation_turn_call_id_foreign" foreign key ("call_id") references "call_log" ("id") on delete cascade;`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "agent_number" drop constraint "agent_number_agent_id_foreign";`)
    this.addSql(`alter table "call_event" drop constraint "call_event_call_id_foreign";`)
    this.addSql(`alter table "agent_conversation" drop constraint "agent_conversation_call_id_foreign";`)
    this.addSql(`alter table "call_timer" drop constraint "call_timer_call_id_foreign";`)
    this.addSql(`alter table "conversation_turn" drop constraint "conversation_turn_call_id_foreign";`)

    this.addSql(`drop table if exists "agent" cascade;`)
    this.addSql(`drop table if exists "agent_number" cascade;`)
    this.addSql(`drop table if exists "audio_asset" cascade;`)
    this.addSql(`drop table if exists "caller_voice_mapping" cascade;`)
    this.addSql(`drop table if exists "call_log" cascade;`)
    this.addSql(`drop table if exists "call_event" cascade;`)
    this.addSql(`drop table if exists "agent_conversation" cascade;`)
    this.addSql(`drop table if exists "call_timer" cascade;`)
    this.addSql(`drop table if exists "conversation_turn" cascade;`)
    this.addSql(`drop table if exists "post_call_report" cascade;`)
    this.addSql(`drop table if exists "service_node" cascade;`)
    this.addSql(`drop table if exists "voice_clone_cache" cascade;`)
    this.addSql(`drop table if exists "voice_clone_log" cascade;`)
    this.addSql(`drop table if exists "voice_sample" cascade;`)
  }
}
