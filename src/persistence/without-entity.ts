/**
 * What is in the database and has no entity, on purpose. Whatever else has none is a mistake: MikroORM's comparator would drop it.
 */
export const WITHOUT_ENTITY = {
  /** The job queue's tables, which graphile-worker creates, migrates and alone understands. */
  schemas: ['graphile_worker'],
  /** The list of applied migrations, which MikroORM keeps for itself. */
  tables: ['mikro_orm_migrations'],
  /**
   * The first three are for people who look into the database: no code reads them, and the event log that they show has an entity.
   * The last is what nodes of the release before call a table that has one.
   */
  views: ['clone_failed_events', 'clone_ready_events', 'clone_transfer_events', 'call_job'],
}

/**
 * For MikroORM's comparator. Triggers and functions are not compared: they are written in SQL in the migrations, and an entity
 * could only repeat their text.
 */
export const schemaGenerator = {
  ignoreSchema: WITHOUT_ENTITY.schemas,
  skipTables: WITHOUT_ENTITY.tables,
  skipViews: WITHOUT_ENTITY.views,
  ignoreTriggers: true,
  ignoreRoutines: true,
}
