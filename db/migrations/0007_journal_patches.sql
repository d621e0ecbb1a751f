CREATE TABLE `dedups` (
	`key` text PRIMARY KEY NOT NULL,
	`scope` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `dedups`("key", "scope") SELECT "dedup", "scope" FROM `journal` WHERE "dedup" IS NOT NULL;--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_journal` (
	`scope` text NOT NULL,
	`seq` integer NOT NULL,
	`actor` text NOT NULL,
	`rev` integer NOT NULL,
	`at` integer NOT NULL,
	`recorded_at` integer NOT NULL,
	`version` text NOT NULL,
	`event` text NOT NULL,
	`cause` text NOT NULL,
	`by` text,
	`reason` text,
	`snapshot` text,
	`patch` text,
	PRIMARY KEY(`scope`, `seq`)
);
--> statement-breakpoint
INSERT INTO `__new_journal`("scope", "seq", "actor", "rev", "at", "recorded_at", "version", "event", "cause", "by", "reason", "snapshot") SELECT "scope", "seq", "actor", "rev", "at", "recorded_at", "version", "event", "cause", "by", "reason", "snapshot" FROM `journal` ORDER BY rowid;--> statement-breakpoint
DROP TABLE `journal`;--> statement-breakpoint
ALTER TABLE `__new_journal` RENAME TO `journal`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `journal_by_actor` ON `journal` (`actor`,`rev`);