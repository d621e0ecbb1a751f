CREATE TABLE `bans` (
	`relay` text NOT NULL,
	`pubkey` text NOT NULL,
	`by` text,
	`reason` text,
	`at` integer NOT NULL,
	PRIMARY KEY(`relay`, `pubkey`),
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `community_journal` (
	`seq` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`relay` text NOT NULL,
	`at` integer NOT NULL,
	`act` text NOT NULL,
	`pubkey` text NOT NULL,
	`by` text,
	`as` text NOT NULL,
	`reason` text,
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `community_journal_key_unique` ON `community_journal` (`key`);--> statement-breakpoint
CREATE INDEX `community_journal_by_relay` ON `community_journal` (`relay`,`seq`);--> statement-breakpoint
CREATE TABLE `errands` (
	`relay` text NOT NULL,
	`n` integer NOT NULL,
	`act` text NOT NULL,
	`pubkey` text NOT NULL,
	`state` text NOT NULL,
	`code` text,
	PRIMARY KEY(`relay`, `n`),
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `members` (
	`relay` text NOT NULL,
	`pubkey` text NOT NULL,
	`errand` integer,
	`via` text NOT NULL,
	`by` text,
	`joined_at` integer NOT NULL,
	PRIMARY KEY(`relay`, `pubkey`),
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `members_by_joining` ON `members` (`relay`,`joined_at`);--> statement-breakpoint
CREATE TABLE `requests` (
	`relay` text NOT NULL,
	`pubkey` text NOT NULL,
	`by` text,
	`asked_at` integer NOT NULL,
	`place` integer NOT NULL,
	PRIMARY KEY(`relay`, `pubkey`),
	FOREIGN KEY (`relay`) REFERENCES `relays`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `requests_in_line` ON `requests` (`relay`,`place`);