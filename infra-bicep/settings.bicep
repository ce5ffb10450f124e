metadata description = 'The app\'s settings, for each hosting: nothing is deployed here.'

@export()
@description('What the settings are made of.')
type appFacts = {
  @description('Client id of the app\'s identity.')
  identityClientId: string

  @description('Endpoints of the storage account.')
  storage: {
    @description('Of blobs.')
    blob: string

    @description('Of queues.')
    queue: string

    @description('Of tables.')
    table: string
  }

  @description('Where telemetry goes; it has no secret that is of use, since the component takes identities only.')
  telemetry: string

  @description('Memory of an instance, in bytes.')
  memoryBytes: int

  @description('Temporary disk of an instance, in bytes.')
  diskBytes: int

  @description('Models to load at start, as iris,digits:2.')
  preload: string

  @description('Model of the routes that name none, as a reference.')
  servingModel: string

  @description('SHA-256 of the first administrator\'s token.')
  adminTokenSha256: string
}

@export()
@description('The largest model that an instance takes, in bytes: uploads being checked and cached models share the disk.')
func modelBytes(memoryBytes int, diskBytes int) int => min(diskBytes / 4, memoryBytes / 8)

@export()
@description('The settings that do not depend on what runs the app.')
func appSettings(app appFacts) object => {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: app.identityClientId
  AzureWebJobsStorage__blobServiceUri: app.storage.blob
  AzureWebJobsStorage__queueServiceUri: app.storage.queue
  AzureWebJobsStorage__tableServiceUri: app.storage.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: app.telemetry
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${app.identityClientId};Authorization=AAD'
  Preload: app.preload
  Serving__Model: app.servingModel
  Limits__LoadedBytes: string(app.memoryBytes / 4)
  // One at a time: two would leave too little for the rest.
  Limits__SandboxMemoryBytes: string(app.memoryBytes / 4)
  Limits__SandboxTotalMemoryBytes: string(app.memoryBytes / 4)
  Limits__RunBytes: string(app.memoryBytes / 8)
  Limits__InFlightBytes: string(app.memoryBytes / 8)
  Limits__ModelBytes: string(modelBytes(app.memoryBytes, app.diskBytes))
  Limits__Archive__PackedBytes: string(app.diskBytes / 4)
  Limits__Archive__ExpandedBytes: string(app.diskBytes / 2)
  Limits__ArtifactCacheBytes: string(app.diskBytes / 4)
  Limits__DiskReserveBytes: string(app.diskBytes / 16)
  Limits__Job__DatasetBytes: string(app.diskBytes / 4)
  Limits__Scoring__DatasetBytes: string(app.diskBytes / 4)
  Access__AdminTokenSha256: app.adminTokenSha256
}
