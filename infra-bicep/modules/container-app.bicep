metadata description = 'Container Apps: an environment, and the self-host in it, which scales to zero.'

import { appSettings } from '../settings.bicep'

@description('What names begin with.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Ends names, so that they are unique in the world.')
param suffix string

@description('Image of the self-host, with tag or digest; empty makes the environment alone.')
param image string

@description('Processors of a replica.')
@allowed(['0.5', '1', '2', '4'])
param cpu string

@description('The fewest replicas; 0 scales to zero.')
@minValue(0)
@maxValue(300)
param minReplicas int

@description('The most replicas.')
@minValue(1)
@maxValue(300)
param maxReplicas int

@description('Requests that one replica gets at once; more start another replica.')
@minValue(1)
param httpConcurrency int

@description('SHA-256 of the first administrator\'s token.')
param adminTokenSha256 string

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Name of the storage account.')
param storageAccountName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Host of the container registry; empty where the image needs no identity.')
param registryServer string

@description('Subnet of the environment; empty for none.')
param subnetId string

@description('Models to load at start, as iris,digits:2.')
param preload string

@description('Model of the routes that name none, as a reference.')
param servingModel string

@description('Settings that only the caller knows: where documents are, where jobs run, and who may do what.')
param extraSettings object

@description('Workspace that gets the logs.')
param workspaceId string

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// What the plan Consumption has for that many processors: twice as many GiB of memory, and a temporary disk.
var sizes = {
  '0.5': { memoryGib: 1, diskGib: 2 }
  '1': { memoryGib: 2, diskGib: 4 }
  '2': { memoryGib: 4, diskGib: 8 }
  '4': { memoryGib: 8, diskGib: 8 }
}
var size = sizes[cpu]

var httpPort = 8080
var grpcPort = 8081
var workFolder = '/var/lib/larder'

var commonSettings = appSettings({
  identityClientId: identityClientId
  storage: {
    blob: storage.properties.primaryEndpoints.blob
    queue: storage.properties.primaryEndpoints.queue
    table: storage.properties.primaryEndpoints.table
  }
  telemetry: insights.properties.ConnectionString
  memoryBytes: size.memoryGib * 1073741824
  diskBytes: size.diskGib * 1000000000
  preload: preload
  servingModel: servingModel
  adminTokenSha256: adminTokenSha256
})

// As many queues of orchestrations as the Functions host makes, so that both hostings can have the same task hub, one after the other.
var partitions = 4

var hostSettings = {
  ASPNETCORE_URLS: 'http://+:${httpPort}'
  LocalFolder: workFolder
  SelfHost__LogFormat: 'json'
  // The ingress is one proxy, with an address of its own choice, and nothing else reaches the port from outside.
  SelfHost__KnownProxies: '0.0.0.0/0,::/0'
  SelfHost__ForwardLimit: '1'
  SelfHost__DrainDelay: '00:00:10'
  SelfHost__Durable__PartitionCount: string(partitions)
  // Sign-in is the Functions host's: without its platform in front, the header with the caller's name would be the caller's own word.
  Access__ClientPrincipal: 'false'
}

var settings = union(commonSettings, hostSettings, extraSettings)

// Durable Functions names its queues by its hub.
var hub = toLower(loadJsonContent('../../functions/host.json', 'extensions.durableTask.hubName'))
var queues = concat(['${hub}-workitems'], map(range(0, partitions), i => '${hub}-control-${padLeft(i, 2, '0')}'))

resource managedEnvironment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: 'cae-${name}-${suffix}'
  location: location
  tags: tags
  properties: {
    // By diagnostic settings: the other way takes the workspace's key, which is off.
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: false }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
    zoneRedundant: false
  }
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: managedEnvironment
  name: 'larder'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
        enabled: true
      }
    ]
  }
}

resource app 'Microsoft.App/containerApps@2025-01-01' = if (!empty(image)) {
  name: take('ca-${name}-${suffix}', 32)
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: managedEnvironment.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        allowInsecure: false
        transport: 'http'
        targetPort: httpPort
        // Plain TCP, so from inside the environment only: outside, it would be without TLS.
        additionalPortMappings: [
          {
            external: false
            targetPort: grpcPort
            exposedPort: grpcPort
          }
        ]
      }
      registries: empty(registryServer) ? [] : [{ server: registryServer, identity: identityId }]
    }
    template: {
      // The drain, the host's own 30 s, and some for what follows.
      terminationGracePeriodSeconds: 60
      containers: [
        {
          name: 'larder'
          image: image
          args: ['--grpc-port', string(grpcPort)]
          env: map(items(settings), setting => { name: setting.key, value: setting.value })
          resources: {
            cpu: json(cpu)
            memory: '${size.memoryGib}Gi'
          }
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/healthz'
                port: httpPort
              }
              periodSeconds: 2
              timeoutSeconds: 5
              failureThreshold: 60
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz'
                port: httpPort
              }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/readyz'
                port: httpPort
              }
              periodSeconds: 5
              timeoutSeconds: 5
              failureThreshold: 2
            }
          ]
          volumeMounts: [
            {
              volumeName: 'work'
              mountPath: workFolder
            }
          ]
        }
      ]
      volumes: [
        {
          name: 'work'
          storageType: 'EmptyDir'
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        rules: concat(
          [
            {
              name: 'http'
              http: {
                metadata: {
                  concurrentRequests: string(httpConcurrency)
                }
              }
            }
          ],
          // A timer of an orchestration is a message that is not visible yet, and counts too: while a job waits for its container, a replica stays.
          map(queues, queue => {
            name: queue
            azureQueue: {
              accountName: storageAccountName
              queueName: queue
              queueLength: 16
              identity: identityId
            }
          })
        )
      }
    }
  }
}

@description('Host of the app; empty without an image.')
output hostName string = empty(image) ? '' : app!.properties.configuration.ingress.fqdn
