ALTER TABLE `invoice_items` ADD `used` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `invoice_items` ADD `outcome` text DEFAULT 'open' NOT NULL;