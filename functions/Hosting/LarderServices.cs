using Azure.Identity;
using Azure.Storage.Blobs;
using Larder.Inference;
using Larder.Orchestrations;
using Larder.Registry;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Larder.Functions;

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
        builder.UseMiddleware<RequestIdMiddleware>();
        builder.UseMiddleware<ErrorMiddleware>();
        builder.UseMiddleware<RawTargetMiddleware>();
        builder.UseMiddleware<AccessMiddleware>();

        var services = ((IHostApplicationBuilder)builder).Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
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
        services.AddTelemetry(builder.Configuration, isWorker: builder is FunctionsApplicationBuilder);

        services.AddSetting<PredictionLimits>("Limits", ApiSettings);
        services.AddSetting<AnswerLimits>("Limits", ApiSettings);
        services.AddSingleton<RouteTable>();
        services.AddSingleton(Dialects.All);
        services.AddSingleton<PredictionMetrics>();
        services.AddSingleton<PredictionResponse>();
        services.AddSingleton<PredictionBody>();
        services.AddSingleton<ImageBody>();
        services.AddSingleton<PrometheusScraper>();
        services.AddHostedService(provider => provider.GetRequiredService<PrometheusScraper>());
        services.AddSingleton<Preloader>();
        services.AddHostedService(provider => provider.GetRequiredService<Preloader>());

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

    private static void AddAccess(this IServiceCollection services)
    {
        services.AddSetting<AccessOptions>("Access", ApiSettings);
        services.AddSetting<RateOptions>("Limits:Rate", ApiSettings);
        services.AddSetting<WrongCredentialOptions>("Limits:WrongCredentials", ApiSettings);
        services.AddSetting<TokenCacheOptions>("Access:Tokens", RegistrySettings);
        services.AddSingleton(_ => Platform.Here());
        services.AddSingleton(_ => FunctionAccess.OfThisApp());
        services.AddSingleton<CallerKeys>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<TokenCatalog>();
        services.AddSingleton<WrongCredentials>();
        services.AddSingleton<Callers>();
        services.AddSingleton<BrowserGuard>();
        services.AddSingleton<RateLimits>();
        services.AddHostedService<AccessCheck>();
    }

    private static void AddInference(this IServiceCollection services)
    {
        services.AddSetting<InferenceLimits>("Limits", InferenceSettings);
        services.AddSetting<ValidationLimits>("Limits", InferenceSettings);
        services.AddSetting<ImageLimits>("Limits:Image", InferenceSettings);
        services.AddSingleton<InferenceMetrics>();
        services.AddSingleton<ModelValidator>();
        services.AddSingleton<SessionCache>();
        services.AddSingleton(provider =>
        {
            var artifacts = provider.GetRequiredService<IArtifactStore>();
            return new ArtifactFileCache(
                Path.Combine(provider.GetRequiredService<LocalFolder>().Path, "models"),
                async (sha256, destination, cancellationToken) =>
                {
                    await using var content = await artifacts.OpenReadAsync(sha256, cancellation: cancellationToken)
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
        services.AddSingleton<ModelRegistry>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<ModelScopes>();
        services.AddSingleton<StagingArea>();
        services.AddSingleton<ModelPublisher>();
        services.AddSingleton<RegistrySweeper>();
        services.AddSetting<PublishingOptions>(
            "Limits",
            RegistrySettings,
            (options, provider) => options with { StagingFolder = Path.Combine(provider.GetRequiredService<LocalFolder>().Path, "staging") });
        services.AddSetting<CatalogOptions>("Cache", RegistrySettings);
        services.AddSetting<SweeperOptions>("Sweep", RegistrySettings);
        services.AddSingleton<ValidateModel>(provider =>
        {
            var validator = provider.GetRequiredService<ModelValidator>();
            return (path, caller, cancellation) => validator.ValidateAsync(path, cancellation, caller);
        });
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
        services.AddSingleton<JobJanitor>();
        services.AddSingleton<IJobType, TrainJob>();
        services.AddSingleton<JobSubmitter>();
        services.AddSingleton<TrainingSubmitter>();
        services.AddSingleton<DeleteCompute>();
        services.AddSingleton<CleanUpJob>();
        services.AddSingleton<BeginJob>();
        services.AddSingleton<EndJob>();
    }

    private static void AddIngestion(this IServiceCollection services)
    {
        services.AddSetting<ArchiveLimits>("Limits:Archive", JobSettings);
        services.AddSetting<IngestionOptions>("Ingestion", JobSettings);
        services.AddSetting<UploadSessionOptions>("Uploads", RegistrySettings);
        services.AddSingleton<DropBox>();
        services.AddSingleton<UploadSessions>();
        services.AddSingleton<Arrivals>();
        services.AddSingleton<ArchiveOpener>();
        services.AddSingleton<IJobType, IngestJob>();
        services.AddSingleton<IJobType, UploadJob>();
        services.AddSingleton<DatasetJob>();
        services.AddSingleton<IJobType>(provider => provider.GetRequiredService<DatasetJob>());
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<DatasetFinder>();
        services.AddSingleton<DatasetFetcher>();
        services.AddSingleton<IngestSubmitter>();
        services.AddSingleton<UploadSubmitter>();
    }

    private static void AddScoring(this IServiceCollection services)
    {
        services.AddSetting<ScoringLimits>("Limits:Scoring", JobSettings);
        services.AddSingleton<DropFiles>();
        services.AddSingleton<UrlSource>();
        services.AddSingleton<IJobType, ScoreJob>();
        services.AddSingleton<ScoringSubmitter>();
    }

    private static void AddTransfer(this IServiceCollection services)
    {
        services.AddSetting<ImportLimits>("Limits:Import", RegistrySettings);
        services.AddSingleton<RegistryImporter>();
        services.AddSingleton<ArchiveSources>();
        services.AddSingleton<ImportedSchedules>();
        services.AddSingleton<IJobType, ExportJob>();
        services.AddSingleton<IJobType, ImportJob>();
        services.AddSingleton<IScheduledJob, ScheduledExport>();
        services.AddSingleton<TransferSubmitter>();
    }

    private static void AddSchedules(this IServiceCollection services)
    {
        services.AddSetting<ScheduleOptions>("Schedules", JobSettings);
        services.AddSingleton<IScheduledJob, ScheduledTraining>();
        services.AddSingleton<IScheduledJob, ScheduledScoring>();
        services.AddSingleton<IScheduledJob, ScheduledIngest>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<ScheduleStarter>();
        services.AddSingleton<ScheduleRunner>();
        services.AddSingleton<ScheduleEditor>();
        services.AddSingleton<ScheduleViews>();
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
