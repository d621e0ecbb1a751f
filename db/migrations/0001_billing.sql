CREATE TABLE `payment_attempts` (
	`id` text PRIMARY KEY NOT NULL,
	`invoice` text NOT NULL,
	`payment_hash` text NOT NULL,
	`state` text NOT NULL,
	`code` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`invoice`) REFERENCES `invoices`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `attempts_by_invoice` ON `payment_attempts` (`invoice`);--> statement-breakpoint
CREATE TABLE `notices` (
	`id` text PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`invoice` text NOT NULL,
	`stage` text NOT NULL,
	`status` text NOT NULL,
	`subject` text,
	`text` text,
	`relays` text NOT NULL,
	`created_at` integer NOT NULL,
	`sent_at` integer,
	FOREIGN KEY (`tenant`) REFERENCES `tenants`(`pubkey`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `notices_by_tenant` ON `notices` (`tenant`,`created_at`);--> statement-breakpoint
DROP INDEX `alarms_due`;--> statement-breakpoint
CREATE INDEX `alarms_due` ON `alarms` (`due`,`actor`,`name`) WHERE "alarms"."held_at" IS NULL;--> statement-breakpoint
ALTER TABLE `invoices` ADD `purpose` text DEFAULT 'purchase' NOT NULL;--> statement-breakpoint
ALTER TABLE `relays` ADD `grace_ends` integer;