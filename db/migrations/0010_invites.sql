CREATE TABLE `invites` (
	`id` text PRIMARY KEY NOT NULL,
	`relay` text NOT NULL,
	`token_hash` text NOT NULL,
	`label` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`max_uses` integer,
	`uses` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `invites_token_hash_unique` ON `invites` (`token_hash`);--> statement-breakpoint
CREATE INDEX `invites_by_relay` ON `invites` (`relay`,`created_at`);--> statement-breakpoint
ALTER TABLE `members` ADD `invite` text;--> statement-breakpoint
ALTER TABLE `requests` ADD `invite` text;