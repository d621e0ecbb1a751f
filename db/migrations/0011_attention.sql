ALTER TABLE `actors` ADD `attention` text;--> statement-breakpoint
CREATE INDEX `actors_for_operator` ON `actors` (`attention`) WHERE attention IS NOT NULL;--> statement-breakpoint
UPDATE `actors` SET `attention` = CASE
  WHEN `machine` = 'invoice' AND json_extract(`snapshot`, '$.value.pending') = 'blocked' THEN 'blocked_invoice'
  WHEN `machine` = 'relay' AND json_extract(`snapshot`, '$.value.status.grace') = 'stuck' THEN 'stuck_relay'
  WHEN `machine` = 'relay' AND json_extract(`snapshot`, '$.value.status.provisioning') = 'late' THEN 'late_relay'
  WHEN `machine` = 'community' AND (json_extract(`snapshot`, '$.value.seats') = 'stuck'
    OR json_extract(`snapshot`, '$.value.errands') = 'stuck') THEN 'stuck_community'
END WHERE `machine` IN ('invoice', 'relay', 'community');
