using Azure.Identity;
using Azure.Storage.Blobs;
using Larder.Dashboard;
using Larder.Functions.Access;
using Larder.Functions.Audit;
using Larder.Functions.Backup;
using Larder.Functions.Dashboard;
using Larder.Functions.Datasets;
using Larder.Functions.Experiments;
using Larder.Functions.Hosting.Telemetry;
using Larder.Functions.Http;
using Larder.Functions.Jobs;
using Larder.Functions.Lineage;
using Larder.Functions.MLflow;
using Larder.Functions.Models;
using Larder.Functions.OpenApi;
using Larder.Functions.OpenInference;
using Larder.Functions.Operations;
using Larder.Functions.Prediction;
using Larder.Functions.Schedules;
using Larder.Functions.Training;
using Larder.Inference;
using Larder.Inference.Compilation;
using Larder.Inference.Images;
using Larder.Inference.Limits;
using Larder.Inference.Metrics;
using Larder.Inference.Sessions;
using Larder.Inference.Validation;
using Larder.Lineage;
using Larder.Orchestrations.Backup;
using Larder.Orchestrations.Backup.Archives;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.ContainerInstances;
using Larder.Orchestrations.Compute.Processes;
using Larder.Orchestrations.Datasets;
using Larder.Orchestrations.Drift;
using Larder.Orchestrations.Ingestion;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Orchestrations.Jobs;
using Larder.Orchestrations.Jobs.Activities;
using Larder.Orchestrations.Schedules;
using Larder.Orchestrations.Scoring;
using Larder.Orchestrations.Training;
using Larder.Orchestrations.Training.Activities;
using Larder.Orchestrations.Training.Runs;
using Larder.Orchestrations.Uploads;
using Larder.Orchestrations.Webhooks;
using Larder.Registry.Access;
using Larder.Registry.Audit;
using Larder.Registry.Backup;
using Larder.Registry.Catalog;
using Larder.Registry.Datasets;
using Larder.Registry.Errors;
using Larder.Registry.GarbageCollection;
using Larder.Registry.Ingestion;
using Larder.Registry.Jobs;
using Larder.Registry.Jobs.Files;
using Larder.Registry.Jobs.Log;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Registry.Ratings;
using Larder.Registry.Samples;
using Larder.Registry.Schedules;
using Larder.Registry.Storage;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Text;
using Larder.Registry.Tokens;
using Larder.Registry.Uploads;
using Larder.Registry.Webhooks;
using Larder.Search;
using Larder.Tracking;
using Larder.Tracking.Artifacts;
using Larder.Tracking.Experiments;
using Larder.Tracking.LoggedModels;
using Larder.Tracking.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions.Hosting;

/// <summary>Puts the rooms together: what the isolated worker (Program.cs) and the self-host (host/) both call.</summary>
public static class LarderServices
{
    /// <summary>Room for a form's other fields beside the model file, in bytes.</summary>
    private const long FormOverhead = 1 << 20;

    private static readonly FunctionSettingsValidator ApiSettings = new();
    private static readonly InferenceSettingsValidator InferenceSettings = new();
    private static readonly RegistrySettingsValidator RegistrySettings = new();
    private static readonly OrchestrationSettingsValidator JobSettings = new();

    /// <summary>Registers everything that the functions ask for, and the middleware that every invocation passes.</summary>
    /// <param name="builder">The application. What writes HTTP answers must be in its middleware already: it comes before Larder's own.</param>
    public static void AddLarder<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
    {
        // On other cores, while the services are registered.
        _ = Task.Run(RegistryJson.Prepare);
        _ = Task.Run(SessionCache.Prepare);
        builder.UseMiddleware<RequestIdMiddleware>();
        builder.UseMiddleware<PageMiddleware>();
        builder.UseMiddleware<ErrorMiddleware>();
        builder.UseMiddleware<RawTargetMiddleware>();
        builder.UseMiddleware<AccessMiddleware>();
        builder.UseMiddleware<QueryMiddleware>();

        var services = ((IHostApplicationBuilder)builder).Services;
        services.TryAddSingleton(TimeProvider.System);
        RenamedSettings.AddCheck(services);
        services.AddHostedService<UnreadSettings>();
        services.AddMetrics();
        // The first service to be made: it takes long, on a core of its own.
        services.AddSingleton<PrometheusScraper>();
        services.AddHostedService(provider => provider.GetRequiredService<PrometheusScraper>());
        services.AddSingleton(provider => new LocalFolder(
            provider.GetRequiredService<IConfiguration>()["LocalFolder"] is { Length: > 0 } folder ? folder : DefaultFolder(provider)));
        services.AddAccess();
        services.AddInference();
        services.AddRegistry();
        services.AddJobs();
        services.AddIngestion();
        services.AddScoring();
        services.AddSchedules();
        services.AddTransfer();
        services.AddTracking();
        services.AddLineage();
        services.AddSetting<SearchWeights>("Search:Weights", ApiSettings);
        services.AddSearchEngine();
        services.AddDashboard();
        services.AddWebhooks();
        services.AddTelemetry(builder.Configuration, isWorker: builder is FunctionsApplicationBuilder);

        ContentCodings.AddTo(services);
        services.AddSetting<CompressionLimits>("Limits", ApiSettings);
        services.AddSetting<PredictionLimits>("Limits", ApiSettings);
        services.AddSetting<RequestTimeoutOptions>("Limits", ApiSettings);
        services.AddSetting<ServingOptions>("Serving", ApiSettings);
        services.AddSetting<WarmupOptions>("Warmup", ApiSettings);
        services.AddSingleton<ModelWarmup>();
        services.AddSingleton<WarmModels>(provider => provider.GetRequiredService<ModelWarmup>().WarmAsync);
        services.AddSingleton(ServerVersion.Of(isWorker: builder is FunctionsApplicationBuilder));
        services.AddSingleton<RouteTable>();
        services.AddSingleton<ApiDocument>();
        services.AddSingleton<AccessLog>();
        services.AddSingleton(Dialects.All);
        services.AddSingleton<PutModel>();
        services.AddSingleton<ModelDeletion>();
        services.AddSingleton<RegistryCalls>();
        services.AddSingleton<RunModels>();
        services.AddSingleton<VersionArtifacts>();
        services.AddSingleton<PredictionEngine>();
        services.AddSingleton<PredictionMetrics>();
        services.AddSingleton<PredictionStatistics>();
        services.AddSingleton<PredictionResponse>();
        services.AddSingleton<PredictionBody>();
        services.AddSingleton<PredictionJson>();
        services.AddSingleton<ServedModel>();
        services.AddSingleton<ImageBody>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<OpenModels>();
        services.AddSingleton<Preloader>();
        services.AddHostedService(provider => provider.GetRequiredService<Preloader>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RecentModels>(provider, Path.Combine(provider.GetRequiredService<LocalFolder>().Path, "recent-models")));
        services.AddHostedService(provider => provider.GetRequiredService<RecentModels>());

        // Uploads are the largest bodies; every other route reads with a limit of its own. The worker's Kestrel would stop at 30 MB.
        services.AddOptions<KestrelServerOptions>().Configure<PublishingOptions>((kestrel, publishing) =>
        {
            kestrel.Limits.MaxRequestBodySize = publishing.ModelBytes + FormOverhead;
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = ContentLengthEncoding.For;
        });
    }

    /// <summary>Whether callers are asked for credentials, by the settings. Where they are not, only this machine's own users may reach the server.</summary>
    public static bool AsksForCredentials(IConfiguration configuration) =>
        CallerKeys.AnyIn(configuration, configuration.GetSection("Access").Get<AccessOptions>() ?? new AccessOptions());

    /// <summary>The body of what the self-host refuses before or after a function: in the dialect of the path, as of every other refusal.</summary>
    public static Task WriteRefusalAsync(HttpContext http)
    {
        var answer = new ErrorAnswer((ErrorKind)http.Response.StatusCode, http.Response.StatusCode switch
        {
            StatusCodes.Status429TooManyRequests => "The server has more requests than it takes at a time; try again later.",
            StatusCodes.Status408RequestTimeout => "The request's headers did not arrive in time.",
            StatusCodes.Status413PayloadTooLarge => "The request body is larger than this server accepts.",
            StatusCodes.Status414UriTooLong => "The request line is longer than this server accepts: shorten path and query.",
            StatusCodes.Status431RequestHeaderFieldsTooLarge => "The request has more or larger headers than this server accepts.",
            StatusCodes.Status505HttpVersionNotsupported => "This server speaks HTTP/1.1 and HTTP/2.",
            < StatusCodes.Status500InternalServerError => "The request is not valid HTTP: check the request line and the headers, Host, Content-Length and Transfer-Encoding above all.",
            _ => "The server failed. Its log has the reason.",
        });
        answer.Build(Dialects.All.Of(http.Request.Path));
        return answer.ExecuteResultAsync(new ActionContext { HttpContext = http });
    }

    private static void AddAccess(this IServiceCollection services)
    {
        services.AddSetting<AccessOptions>("Access", ApiSettings);
        services.AddSetting<RateOptions>("Limits:Rate", ApiSettings);
        services.AddSetting<WrongCredentialOptions>("Limits:WrongCredentials", ApiSettings);
        services.AddSetting<TokenCacheOptions>("Access:Tokens", RegistrySettings);
        services.AddSingleton(_ => Platform.Here());
        services.AddSingleton(_ => RoleRequirements.OfThisApp());
        services.AddSingleton<CallerKeys>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<TokenCatalog>();
        services.AddSingleton<WrongCredentials>();
        services.AddSetting<DashboardOptions>("Dashboard", ApiSettings);
        services.AddSingleton<BrowserSessions>();
        services.AddSingleton<CallerResolver>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<OriginFilter>();
        services.AddCors();
        services.AddSingleton<CrossOrigin>();
        services.AddSingleton<RateLimits>();
        services.AddHostedService<AccessConfigurationValidator>();
    }

    private static void AddDashboard(this IServiceCollection services)
    {
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "larder-form";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.FormFieldName = options.HeaderName = PageContext.FormField;
            // The content security policy says it.
            options.SuppressXFrameOptionsHeader = true;
        });
        // After what adds data protection too, since it removes a part of that.
        KeyRing.AddTo(services);
        services.AddSingleton<Pages>();
        services.AddSingleton<PageForms>();
        // What the pages show is what these answer.
        services.AddSingleton<GetCard>();
        services.AddSingleton<GetLineage>();
        services.AddSingleton<GetModel>();
        services.AddSingleton<GetSchedules>();
        services.AddSingleton<CompareRuns>();
        services.AddSingleton<ListAudit>();
        services.AddSingleton<ListJobs>();
        services.AddSingleton<ManageDatasets>();
        services.AddSingleton<ReportVersion>();
        services.AddSingleton<Predict>();
        services.AddSingleton<StartImport>();
        services.AddSingleton<DatasetForms>();
        services.AddSingleton<SubmitTraining>();
    }

    private static void AddInference(this IServiceCollection services)
    {
        services.AddSetting<InferenceLimits>("Limits", InferenceSettings);
        services.AddSetting<ValidationLimits>("Limits", InferenceSettings);
        services.AddSetting<ImageLimits>("Limits:Image", InferenceSettings);
        services.AddSingleton<InferenceMetrics>();
        services.AddSingleton<ModelValidator>();
        services.AddSingleton<SampleComparer>();
        services.AddSingleton<SessionCache>();
        services.AddSingleton(provider =>
        {
            var artifacts = provider.GetRequiredService<IArtifactStore>();
            return new ArtifactFileCache(
                Path.Combine(provider.GetRequiredService<LocalFolder>().Path, "models"),
                async (sha256, destination, cancellationToken) =>
                {
                    await using var content = await artifacts.OpenReadAsync(sha256, cancellationToken: cancellationToken)
                        ?? throw new StorageUnavailableException($"The artifact {sha256} is missing in storage.");
                    await content.CopyToAsync(destination, cancellationToken);
                },
                provider.GetRequiredService<InferenceLimits>(),
                provider.GetRequiredService<TimeProvider>());
        });
    }

    private static void AddRegistry(this IServiceCollection services)
    {
        services.AddSingleton(Storage);
        services.AddDocumentStore();
        services.AddSingleton<IArtifactStore, BlobArtifactStore>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditHistory>();
        services.AddSingleton<SettingsHistory>();
        services.AddHostedService<SettingsRecorder>();
        services.AddSetting<SampleLimits>("Limits:Samples", RegistrySettings);
        services.AddSingleton<SampleStore>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<SampleGate>(provider, provider.GetRequiredService<ServerVersion>().OnnxRuntime));
        services.AddSingleton<CompareSamples>(provider =>
        {
            var files = provider.GetRequiredService<ArtifactFileCache>();
            var comparer = provider.GetRequiredService<SampleComparer>();
            return async (model, features, samples, caller, cancellationToken) =>
            {
                using var file = await files.RentAsync(model.Sha256, model.Bytes, model.Files, cancellationToken);
                return await comparer.DifferenceAsync(file.Path, model, features, samples, caller, cancellationToken);
            };
        });
        services.AddHostedService<SampleChecks>();
        services.AddSingleton<ModelRegistry>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ModelScopes>();
        services.AddSingleton<ModelSearch>();
        services.AddSingleton<RatingStore>();
        services.AddSingleton<StagingArea>();
        services.AddSingleton<ModelPublisher>();
        services.AddSingleton<RegistryGarbageCollector>();
        services.AddSetting<PublishingOptions>(
            "Limits",
            RegistrySettings,
            (options, provider) => options with { StagingFolder = Path.Combine(provider.GetRequiredService<LocalFolder>().Path, "staging") });
        services.AddSetting<CatalogOptions>("Cache", RegistrySettings);
        services.AddSetting<GarbageCollectionOptions>("GarbageCollection", RegistrySettings);
        services.AddSetting<RetentionOptions>("Retention", RegistrySettings);
        services.AddSingleton<ValidateModel>(provider =>
        {
            var validator = provider.GetRequiredService<ModelValidator>();
            return (file, caller, cancellationToken) => validator.ValidateAsync(file.Path, cancellationToken, caller, [.. file.Files.Skip(1).Select(data => data.Name)]);
        });
        services.AddSingleton<FindDataFiles>(provider => provider.GetRequiredService<ModelValidator>().DataFilesAsync);
        services.AddSingleton<ModelStager>();
        services.AddSingleton<FolderPublisher>();
        services.AddSingleton<AdoptArtifact>(provider =>
        {
            var files = provider.GetRequiredService<ArtifactFileCache>();
            return (path, sha256, _) =>
            {
                files.Add(path, sha256);
                return Task.CompletedTask;
            };
        });
    }

    private static void AddJobs(this IServiceCollection services)
    {
        services.AddSetting<JobLimits>("Limits:Job", JobSettings);
        services.AddCompute();
        services.AddSingleton<JobStore>();
        services.AddSingleton<JobFiles>();
        services.AddSingleton<JobLog>();
        services.AddSingleton<JobLogReader>();
        services.AddSingleton<LogStream>();
        services.AddSetting<LogStreamLimits>("Limits:LogStreams", ApiSettings);
        services.AddSingleton<LogStreams>();
        services.AddSingleton<ModelCompiler>();
        services.AddSingleton<JobSteps>();
        services.AddSingleton<JobAccess>();
        services.AddSingleton<JobScheduler>();
        services.AddSingleton<JobMetrics>();
        services.AddSingleton<JobReconciler>();
        services.AddJobTypes();
        services.AddSingleton<JobSubmitter>();
        services.AddSingleton<TrainingSubmitter>();
        services.AddSingleton<DeleteCompute>();
        services.AddSingleton<EndJob>();
    }

    private static void AddIngestion(this IServiceCollection services)
    {
        services.AddSetting<ArchiveLimits>("Limits:Archive", JobSettings);
        services.AddSetting<IngestionOptions>("Ingestion", JobSettings);
        services.AddSetting<UploadSessionOptions>("Uploads", RegistrySettings);
        services.AddSingleton<IngestionContainer>();
        services.AddSingleton<UploadSessions>();
        services.AddSingleton<PartUploads>();
        services.AddSingleton<IngestionStaging>();
        services.AddSingleton<ArchiveOpener>();
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<DatasetFinder>();
        services.AddSingleton<DatasetFetcher>();
        services.AddSingleton<IngestSubmitter>();
        services.AddSingleton<UploadSubmitter>();
    }

    private static void AddScoring(this IServiceCollection services)
    {
        services.AddSetting<ScoringLimits>("Limits:Scoring", JobSettings);
        services.AddSingleton<BlobDatasets>();
        services.AddSingleton<DropContainers>();
        services.AddHostedService(provider => provider.GetRequiredService<DropContainers>());
        services.AddSingleton<UrlSource>();
        services.AddSingleton<ScoringSubmitter>();
        services.AddSingleton<DriftSubmitter>();
    }

    private static void AddTransfer(this IServiceCollection services)
    {
        services.AddSetting<ImportLimits>("Limits:Import", RegistrySettings);
        services.AddSingleton<RegistryImporter>();
        services.AddSingleton<ArchiveSources>();
        services.AddSingleton<ImportedSchedules>();
        services.AddSingleton<IScheduledJob, ScheduledExport>();
        services.AddSingleton<BackupSubmitter>();
    }

    private static void AddTracking(this IServiceCollection services)
    {
        services.AddSingleton<ExperimentStore>();
        services.AddSingleton<RunStore>();
        services.AddSingleton<LoggedModelStore>();
        services.AddSingleton<TrackingGarbageCollector>();
        services.AddSingleton<LiveMetrics>();
        services.AddSingleton<TrainingRuns>();
        services.AddSingleton<RunTokens>();
        services.AddSetting<TrackingOptions>("Tracking", ApiSettings);
        services.AddSingleton<TrackingAddress>(provider => new OwnAddress(provider).Find);
        services.AddSingleton<RunArtifacts>();
        services.AddSingleton<RunFiles>();
        services.AddSingleton<IArtifactUser>(provider => provider.GetRequiredService<RunArtifacts>());
    }

    private static void AddLineage(this IServiceCollection services)
    {
        services.AddSetting<LineageOptions>("Lineage", ApiSettings);
        services.AddSingleton<LineageGraph>();
        services.AddLineageKinds();
    }

    private static void AddWebhooks(this IServiceCollection services)
    {
        services.AddSetting<WebhookOptions>("Webhooks", RegistrySettings);
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<DeliveryStore>();
        services.AddSingleton<EventPublisher>();
        services.AddSingleton<IAuditFollower>(provider => provider.GetRequiredService<EventPublisher>());
        services.AddSingleton<IJobFollower>(provider => provider.GetRequiredService<EventPublisher>());
        services.AddSingleton<WebhookStore>();
        services.AddSingleton<EventRecovery>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookDispatcher>();
        services.AddHostedService<EventDelivery>();
    }

    private static void AddSchedules(this IServiceCollection services)
    {
        services.AddSetting<ScheduleOptions>("Schedules", JobSettings);
        services.AddSingleton<IScheduledJob, ScheduledTraining>();
        services.AddSingleton<IScheduledJob, ScheduledScoring>();
        services.AddSingleton<IScheduledJob, ScheduledDrift>();
        services.AddSingleton<IScheduledJob, ScheduledIngest>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<ScheduleStarter>();
        services.AddSingleton<ScheduleRunner>();
        services.AddSingleton<ScheduleEditor>();
        services.AddSingleton<ScheduleAnswers>();
    }

    /// <summary>Both backends' settings are bound; those of the one that is used must be right.</summary>
    private static void AddCompute(this IServiceCollection services)
    {
        services.AddSetting<ComputeOptions>("Jobs", JobSettings);
        services.AddSetting<ProcessComputeOptions>(
            "Jobs:Process",
            JobSettings,
            (options, provider) => options with
            {
                Folder = options.Folder.Length > 0 ? options.Folder : Path.Combine(provider.GetRequiredService<LocalFolder>().Path, "jobs"),
            },
            provider => Backend(provider) == ComputeOptions.Process);
        services.AddSetting<ContainerInstanceOptions>(
            "Jobs:ContainerInstances", JobSettings, isUsed: provider => Backend(provider) == ComputeOptions.ContainerInstances);
        services.AddSingleton<IComputeBackend>(provider => Backend(provider) == ComputeOptions.ContainerInstances
            ? new ContainerInstanceCompute(
                provider.GetRequiredService<ContainerInstanceOptions>(),
                ContainerInstanceClient.Create(provider.GetRequiredService<ContainerInstanceOptions>()),
                provider.GetRequiredService<TimeProvider>())
            : ActivatorUtilities.CreateInstance<LeasedProcessCompute>(provider, ActivatorUtilities.CreateInstance<ProcessCompute>(provider)));
        services.AddHostedService<RenewComputeLeases>();

        static string Backend(IServiceProvider provider) => provider.GetRequiredService<ComputeOptions>().Choose();
    }

    // Two servers on one machine share it only if they share their storage: each looks after all jobs that it finds there.
    private static string DefaultFolder(IServiceProvider provider)
    {
        var account = provider.GetRequiredService<BlobServiceClient>().Uri.AbsoluteUri;
        var hash = TextHash.Of(account);
        return Path.Combine(Path.GetTempPath(), "larder", hash[..16]);
    }

    /// <summary>A connection string in <c>AzureWebJobsStorage</c>, or an identity with <c>AzureWebJobsStorage__blobServiceUri</c>.</summary>
    private static BlobServiceClient Storage(IServiceProvider provider)
    {
        var storage = provider.GetRequiredService<IConfiguration>().GetSection("AzureWebJobsStorage");
        if (storage.Value is { Length: > 0 } connectionString)
            return BlobClients.Create(connectionString);
        if (storage["blobServiceUri"] is { Length: > 0 } uri)
            return new BlobServiceClient(new Uri(uri), new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = storage["clientId"] }), BlobClients.Options());
        throw new InvalidOperationException("AzureWebJobsStorage is not set: give it a connection string, or AzureWebJobsStorage__blobServiceUri for an identity.");
    }
}
