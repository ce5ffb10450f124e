metadata description = 'Larder in one resource group. README.md says how to deploy it and what each resource is for.'

targetScope = 'resourceGroup'

@description('What names begin with: 3 to 11 lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(11)
param name string = 'larder'

@description('What runs the app: functions, on Flex Consumption; or containerApp, the self-host in Azure Container Apps. README.md says when to take which.')
@allowed(['functions', 'containerApp'])
param hosting string = 'functions'

@description('Region of every resource. It must have Flex Consumption or Container Apps and, for training, Container Instances.')
param location string = resourceGroup().location

@description('Tags of every resource.')
param tags object = {}

@description('With functions: memory of an instance in MB; processors follow it.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('With functions: the most instances.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('With functions: instances for HTTP that are always there and always paid for, so that no prediction waits for a start.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('With containerApp: image of the self-host, with tag or digest. Empty makes all but the app, for example the registry to push the image to.')
param containerImage string = ''

@description('With containerApp: processors of a replica; memory is twice as many GiB.')
@allowed(['0.5', '1', '2', '4'])
param containerCpu string = '1'

@description('With containerApp: the fewest replicas. With 0, schedules, timers and dropped files wait until a request or a job starts a replica.')
@minValue(0)
@maxValue(300)
param containerMinReplicas int = 0

@description('With containerApp: the most replicas.')
@minValue(1)
@maxValue(300)
param containerMaxReplicas int = 10

@description('Requests that one instance gets at once; more start another instance. Take it from a load test.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('Models to load at start, as iris,digits:2.')
param preload string = ''

@description('Model of the routes that name none: /invocations, /score; as a reference such as iris or iris:champion.')
param servingModel string = ''

@description('How many copies of blobs are kept, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('Days after which what was dropped into uploads is deleted.')
@minValue(1)
param uploadDays int = 30

@description('Days after which logs and outputs of jobs are deleted. 0 keeps them until their job is deleted.')
@minValue(0)
param jobFileDays int = 365

@description('Days in which deleted blobs can be restored.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

@description('Where the registry keeps its documents.')
@allowed(['blobs', 'cosmos'])
param store string = 'blobs'

@description('With cosmos: the most request units a second, a tenth of which is always paid for; at least 1000. 0 is serverless.')
@minValue(0)
param cosmosAutoscaleMaxThroughput int = 0

@description('Existing resource group in which jobs run.')
param jobsResourceGroup string = resourceGroup().name

@description('Image of jobs that name none. Lower case.')
param jobImage string = 'python:3.12-slim'

@description('Other images that jobs may name, each exactly so: with tag or digest.')
param allowedJobImages array = []

@description('The most cores that a job may ask for.')
@minValue(1)
@maxValue(31)
param jobMaxCpu int = 4

@description('The most memory that a job may ask for, in GB.')
@minValue(1)
@maxValue(240)
param jobMaxMemoryGb int = 16

@description('Tier of a container registry for the images of jobs; none leaves it out.')
@allowed(['none', 'Basic', 'Standard', 'Premium'])
param containerRegistrySku string = 'none'

@description('Puts the app and jobs into a virtual network, and storage and Cosmos DB behind private endpoints.')
param privateNetwork bool = false

@description('With a virtual network: its addresses, at least a /22.')
param networkPrefix string = '10.20.0.0/16'

@description('SHA-256 of the first administrator\'s token, 64 hexadecimal digits: scripts/deploy.sh makes one. Empty: without keys or sign-in, probes alone are answered.')
param adminTokenSha256 string = ''

@description('With functions: client id of the Entra ID application that callers need tokens for; empty for Larder\'s tokens and keys alone.')
param authClientId string = ''

@description('Settings of Access and Limits__Rate, as they are named in the app: roles of keys, by hash, and of app roles. docs/access.md has them.')
param access object = {}

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day at most; what comes after is dropped. -1 is no limit.')
param logDailyQuotaGb int = 1

var suffix = uniqueString(resourceGroup().id, name)
var useCosmos = store == 'cosmos'
var useRegistry = containerRegistrySku != 'none'
var useFunctions = hosting == 'functions'

var storeSettings = useCosmos
  ? {
      Store__Kind: 'cosmos'
      Store__Cosmos__Endpoint: cosmos!.outputs.endpoint
      Store__Cosmos__Database: cosmos!.outputs.databaseName
      Store__Cosmos__ClientId: identities.outputs.appClientId
    }
  : {
      Store__Kind: 'blobs'
    }

var jobSettings = {
  Jobs__Backend: 'container-instances'
  Jobs__ContainerInstances__SubscriptionId: subscription().subscriptionId
  Jobs__ContainerInstances__ResourceGroup: jobsResourceGroup
  Jobs__ContainerInstances__Location: location
  Jobs__ContainerInstances__ClientId: identities.outputs.appClientId
  Jobs__ContainerInstances__NamePrefix: '${name}-'
  Jobs__ContainerInstances__Image: jobImage
  Jobs__ContainerInstances__AllowedImages: join(allowedJobImages, ',')
  Jobs__ContainerInstances__MaxCpu: string(jobMaxCpu)
  Jobs__ContainerInstances__MaxMemoryGb: string(jobMaxMemoryGb)
}

var jobRegistrySettings = useRegistry
  ? {
      Jobs__ContainerInstances__RegistryServer: registry!.outputs.loginServer
      Jobs__ContainerInstances__IdentityId: identities.outputs.trainingId
    }
  : {}

var jobNetworkSettings = privateNetwork
  ? {
      Jobs__ContainerInstances__SubnetId: network!.outputs.jobsSubnetId
    }
  : {}

var ownSettings = union(storeSettings, jobSettings, jobRegistrySettings, jobNetworkSettings, access)

module identities 'modules/identities.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
  }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    sku: storageSku
    privateOnly: privateNetwork
    uploadDays: uploadDays
    jobFileDays: jobFileDays
    softDeleteDays: softDeleteDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module cosmos 'modules/cosmos.bicep' = if (useCosmos) {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    workspaceId: monitoring.outputs.workspaceId
    autoscaleMaxThroughput: cosmosAutoscaleMaxThroughput
    privateOnly: privateNetwork
  }
}

module registry 'modules/container-registry.bicep' = if (useRegistry) {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    workspaceId: monitoring.outputs.workspaceId
    sku: containerRegistrySku
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    workspaceId: monitoring.outputs.workspaceId
    addressPrefix: networkPrefix
  }
}

module storageEndpoints 'modules/private-endpoint.bicep' = [
  for service in ['blob', 'queue', 'table']: if (privateNetwork) {
    params: {
      name: 'pep-${name}-${service}-${suffix}'
      location: location
      tags: tags
      networkId: network!.outputs.id
      subnetId: network!.outputs.endpointsSubnetId
      targetId: storage.outputs.id
      groupId: service
      zoneName: 'privatelink.${service}.${environment().suffixes.storage}'
    }
  }
]

module cosmosEndpoint 'modules/private-endpoint.bicep' = if (privateNetwork && useCosmos) {
  params: {
    name: 'pep-${name}-cosmos-${suffix}'
    location: location
    tags: tags
    networkId: network!.outputs.id
    subnetId: network!.outputs.endpointsSubnetId
    targetId: cosmos!.outputs.id
    groupId: 'Sql'
    zoneName: 'privatelink.documents.azure.com'
  }
}

module roles 'modules/roles.bicep' = {
  params: {
    appPrincipalId: identities.outputs.appPrincipalId
    trainingPrincipalId: identities.outputs.trainingPrincipalId
    trainingIdentityName: identities.outputs.trainingName
    storageAccountName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
    cosmosAccountName: useCosmos ? cosmos!.outputs.name : ''
    registryName: useRegistry ? registry!.outputs.name : ''
    imageRegistryName: useRegistry && !useFunctions ? registry!.outputs.name : ''
    networkName: privateNetwork ? network!.outputs.name : ''
  }
}

module jobsGroup 'modules/jobs-group.bicep' = {
  scope: resourceGroup(jobsResourceGroup)
  params: {
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

// The roles come first: the app starts with its identity, and the host with locks in storage.
module app 'modules/function-app.bicep' = if (useFunctions) {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    workspaceId: monitoring.outputs.workspaceId
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    httpConcurrency: httpConcurrency
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    storageAccountName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    insightsName: monitoring.outputs.insightsName
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    preload: preload
    servingModel: servingModel
    extraSettings: ownSettings
    adminTokenSha256: adminTokenSha256
    authClientId: authClientId
  }
  dependsOn: [roles, jobsGroup, storageEndpoints, cosmosEndpoint]
}

module container 'modules/container-app.bicep' = if (!useFunctions) {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    workspaceId: monitoring.outputs.workspaceId
    image: containerImage
    cpu: containerCpu
    minReplicas: containerMinReplicas
    maxReplicas: containerMaxReplicas
    httpConcurrency: httpConcurrency
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    storageAccountName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
    registryServer: useRegistry ? registry!.outputs.loginServer : ''
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    preload: preload
    servingModel: servingModel
    extraSettings: empty(authClientId) ? ownSettings : fail('authClientId needs hosting functions: the self-host takes no sign-in by Entra ID.')
    adminTokenSha256: adminTokenSha256
  }
  dependsOn: [roles, jobsGroup, storageEndpoints, cosmosEndpoint]
}

// The self-host looks for dropped files itself.
module events 'modules/event-grid.bicep' = if (useFunctions) {
  params: {
    name: name
    location: location
    tags: tags
    suffix: suffix
    workspaceId: monitoring.outputs.workspaceId
    storageAccountId: storage.outputs.id
  }
}

@description('Name of the function app; empty with containerApp.')
output functionAppName string = useFunctions ? app!.outputs.name : ''

@description('Where the API is.')
output endpoint string = 'https://${useFunctions ? app!.outputs.hostName : container!.outputs.hostName}'

@description('Name of the storage account.')
output storageAccountName string = storage.outputs.name

@description('Event Grid topic that scripts/subscribe.sh subscribes to; empty with containerApp.')
output eventTopicName string = useFunctions ? events!.outputs.topicName : ''

@description('Host of the container registry; empty when there is none.')
output registryServer string = useRegistry ? registry!.outputs.loginServer : ''
