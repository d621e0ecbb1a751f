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
	`dedup` text,
	`snapshot` text NOT NULL,
	PRIMARY KEY(`scope`, `seq`)
);
--> statement-breakpoint
INSERT INTO `__new_journal`("scope", "seq", "actor", "rev", "at", "recorded_at", "version", "event", "cause", "by", "reason", "dedup", "snapshot") SELECT "scope", row_number() OVER (PARTITION BY "scope" ORDER BY "seq"), "actor", "rev", "at", "recorded_at", "version", "event", "cause", "by", "reason", "dedup", "snapshot" FROM `journal` ORDER BY "seq";--> statement-breakpoint
DROP TABLE `journal`;--> statement-breakpoint
ALTER TABLE `__new_journal` RENAME TO `journal`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `journal_by_actor` ON `journal` (`actor`,`rev`);--> statement-breakpoint
CREATE UNIQUE INDEX `journal_dedup` ON `journal` (`dedup`) WHERE "journal"."dedup" IS NOT NULL;