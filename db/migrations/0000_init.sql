CREATE TABLE `actors` (
	`id` text PRIMARY KEY NOT NULL,
	`machine` text NOT NULL,
	`version` text NOT NULL,
	`scope` text NOT NULL,
	`rev` integer NOT NULL,
	`at` integer NOT NULL,
	`snapshot` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `actors_by_version` ON `actors` (`machine`,`version`);--> statement-breakpoint
CREATE INDEX `actors_by_scope` ON `actors` (`scope`);--> statement-breakpoint
CREATE TABLE `alarms` (
	`actor` text NOT NULL,
	`name` text NOT NULL,
	`due` integer NOT NULL,
	`held_at` integer,
	`error` text,
	PRIMARY KEY(`actor`, `name`)
);
--> statement-breakpoint
CREATE INDEX `alarms_due` ON `alarms` (`due`) WHERE "alarms"."held_at" IS NULL;--> statement-breakpoint
CREATE TABLE `bolt11s` (
	`payment_hash` text PRIMARY KEY NOT NULL,
	`invoice` text NOT NULL,
	`bolt11` text NOT NULL,
	`amount` integer NOT NULL,
	`wallet` text NOT NULL,
	`issued_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`settled_at` integer,
	`settled_amount` integer,
	`preimage` text,
	FOREIGN KEY (`invoice`) REFERENCES `invoices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `bolt11s_by_invoice` ON `bolt11s` (`invoice`);--> statement-breakpoint
CREATE INDEX `bolt11s_open` ON `bolt11s` (`issued_at`) WHERE "bolt11s"."settled_at" IS NULL;--> statement-breakpoint
CREATE TABLE `idempotency` (
	`tenant` text NOT NULL,
	`key` text NOT NULL,
	`request` text NOT NULL,
	`relay` text NOT NULL,
	`invoice` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_by_age` ON `idempotency` (`created_at`);--> statement-breakpoint
CREATE TABLE `invoice_items` (
	`id` text PRIMARY KEY NOT NULL,
	`invoice` text NOT NULL,
	`relay` text NOT NULL,
	`amount` integer NOT NULL,
	`period_start` integer NOT NULL,
	`period_end` integer NOT NULL,
	`kind` text NOT NULL,
	FOREIGN KEY (`invoice`) REFERENCES `invoices`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `invoice_items_by_invoice` ON `invoice_items` (`invoice`);--> statement-breakpoint
CREATE TABLE `invoices` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`amount` integer NOT NULL,
	`credit` integer NOT NULL,
	`status` text NOT NULL,
	`created_at` integer NOT NULL,
	`closes_at` integer,
	`paid_at` integer,
	`invoice` text,
	`expires_at` integer,
	`payment_hash` text,
	`preimage` text,
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`pubkey`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `invoices_by_tenant` ON `invoices` (`tenant`,`created_at`);--> statement-breakpoint
CREATE TABLE `journal` (
	`seq` integer PRIMARY KEY NOT NULL,
	`scope` text NOT NULL,
	`actor` text NOT NULL,
	`rev` integer NOT NULL,
	`at` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	`version` text NOT NULL,
	`event` text NOT NULL,
	`cause` text NOT NULL,
	`by` text,
	`reason` text,
	`dedup` text,
	`snapshot` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `journal_by_actor` ON `journal` (`actor`,`rev`);--> statement-breakpoint
CREATE UNIQUE INDEX `journal_dedup` ON `journal` (`dedup`) WHERE "journal"."dedup" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `journal_by_scope` ON `journal` (`scope`,`seq`);--> statement-breakpoint
CREATE TABLE `ledger` (
	`seq` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`tenant` text NOT NULL,
	`at` integer NOT NULL,
	`from_account` text NOT NULL,
	`to_account` text NOT NULL,
	`amount` integer NOT NULL,
	`why` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_key_unique` ON `ledger` (`key`);--> statement-breakpoint
CREATE INDEX `ledger_by_tenant` ON `ledger` (`tenant`,`seq`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`seq` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`actor` text NOT NULL,
	`invoke` text NOT NULL,
	`src` text NOT NULL,
	`lane` text NOT NULL,
	`mutex` text,
	`input` text NOT NULL,
	`state` text NOT NULL,
	`attempt` integer NOT NULL,
	`deaths` integer NOT NULL,
	`next_at` integer NOT NULL,
	`error` text,
	`answer` text,
	`memo` text,
	`created_at` integer NOT NULL,
	`finished_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_key_unique` ON `outbox` (`key`);--> statement-breakpoint
CREATE INDEX `outbox_todo` ON `outbox` (`lane`,`next_at`,`seq`) WHERE "outbox"."state" = 'todo';--> statement-breakpoint
CREATE INDEX `outbox_open` ON `outbox` (`actor`,`invoke`) WHERE "outbox"."state" IN ('todo', 'running', 'undelivered', 'held');--> statement-breakpoint
CREATE INDEX `outbox_finished` ON `outbox` (`finished_at`) WHERE "outbox"."finished_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `quarantine` (
	`relay` text NOT NULL,
	`subdomain` text NOT NULL,
	`tenant` text NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`relay`, `subdomain`),
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `quarantine_by_name` ON `quarantine` (`subdomain`);--> statement-breakpoint
CREATE TABLE `relays` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`name` text NOT NULL,
	`subdomain` text NOT NULL,
	`schema` text NOT NULL,
	`description` text NOT NULL,
	`icon` text NOT NULL,
	`plan` text NOT NULL,
	`price` integer NOT NULL,
	`status` text NOT NULL,
	`cause` text,
	`paid_through` integer,
	`created_at` integer NOT NULL,
	`renamed_at` integer,
	`wanted` integer NOT NULL,
	`applied` integer NOT NULL,
	`refused` text,
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`pubkey`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `relays_schema_unique` ON `relays` (`schema`);--> statement-breakpoint
CREATE UNIQUE INDEX `relays_subdomain` ON `relays` (`subdomain`) WHERE "relays"."status" <> 'deactivated';--> statement-breakpoint
CREATE INDEX `relays_by_tenant` ON `relays` (`tenant`,`created_at`);--> statement-breakpoint
CREATE INDEX `relays_by_status` ON `relays` (`status`);--> statement-breakpoint
CREATE TABLE `schemas` (
	`schema` text PRIMARY KEY NOT NULL,
	`relay` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `secrets` (
	`id` text PRIMARY KEY NOT NULL,
	`sealed` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tenants` (
	`pubkey` text PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`anchor` integer,
	`credit` integer NOT NULL,
	`wallet` text NOT NULL,
	`created_at` integer NOT NULL
);
