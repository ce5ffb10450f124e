using Google.Protobuf;
using Grpc.Core;
using Larder.Functions.Access;
using Larder.Functions.OpenInference;
using Larder.Functions.Operations;
using Larder.Functions.Prediction;
using Larder.Grpc.Protocol;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Larder.Grpc;

/// <summary>
/// The Open Inference Protocol V2 over gRPC, with Triton's extensions. It binds its methods itself, since a <c>ModelInferRequest</c> is read by <see cref="InferMessage"/>, and a message that cannot be read has a status of its own.
/// </summary>
[BindServiceMethod(typeof(InferenceService), nameof(Bind))]
internal class InferenceService(
    OpenModels models, PredictionEngine engine, Readiness readiness, ModelScopes scopes, AccessGate gate, CallErrors errors, IHostApplicationLifetime lifetime)
{
    /// <summary>The service's name.</summary>
    public static readonly string Name = InferenceReflection.Descriptor.Services[0].FullName;

    // Of requests that are names and parameters.
    private const int MostBytes = 1 << 20;

    [Requires(Role.None, IsProbe = true)]
    public virtual Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(new ServerLiveResponse { Live = true });

    [Requires(Role.None, IsProbe = true)]
    public virtual async Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        new() { Ready = (await readiness.WaitingForAsync(context.CancellationToken)).Count == 0 };

    [Requires(Role.Reader, Scope = ScopeRule.Function)]
    public virtual async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        await models.ReadyAsync(await RequireScopeAsync(context, request.Name, request.Version), context.CancellationToken);
        return new ModelReadyResponse { Ready = true };
    }

    [Requires(Role.Reader, Scope = ScopeRule.NoModel)]
    public virtual Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse { Name = models.Server.Name, Version = models.Server.Version, Extensions = { models.Server.Extensions } });

    [Requires(Role.Reader, Scope = ScopeRule.Function)]
    public virtual async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) =>
        Answers.Of(await models.MetadataAsync(await RequireScopeAsync(context, request.Name, request.Version), context.CancellationToken));

    [Requires(Role.Reader, Scope = ScopeRule.Function)]
    public virtual async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        Answers.Of(await models.ConfigurationAsync(await RequireScopeAsync(context, request.Name, request.Version), context.CancellationToken));

    /// <summary>Statistics of the versions of a model, or of one; without a name, of all versions that had requests.</summary>
    [Requires(Role.Reader, Scope = ScopeRule.Function)]
    public virtual async Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        if (request.Name.Length == 0)
        {
            return request.Version.Length == 0
                ? Answers.Of(await models.StatisticsAsync(CallerOf(context), context.CancellationToken))
                : throw new InvalidRequestException("A version needs the name of its model.");
        }

        var reference = await RequireScopeAsync(context, request.Name, request.Version);
        return Answers.Of(request.Version.Length == 0
            ? await models.StatisticsAsync(reference, context.CancellationToken)
            : await models.VersionStatisticsAsync(reference, context.CancellationToken));
    }

    [Requires(Role.Reader, Scope = ScopeRule.Function)]
    public virtual async Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) =>
        Answers.Of(await models.IndexAsync(CallerOf(context), context.CancellationToken));

    [Requires(Role.Contributor, Scope = ScopeRule.Function)]
    public virtual async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        var model = await RequireScopeAsync(context, request.ModelName, "");
        if (request.Parameters.Count > 0)
            throw OpenModels.NoLoadParameters();
        await models.LoadAsync(model, context.CancellationToken);
        return new RepositoryModelLoadResponse();
    }

    [Requires(Role.Contributor, Scope = ScopeRule.Function)]
    public virtual async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        await models.UnloadAsync(await RequireScopeAsync(context, request.ModelName, ""), context.CancellationToken);
        return new RepositoryModelUnloadResponse();
    }

    [Requires(Role.Predictor, Scope = ScopeRule.Function)]
    public virtual async Task<ModelInferResponse> ModelInfer(InferMessage request, ServerCallContext context)
    {
        using (request)
            return await InferAsync(new InferHead(request.Bytes), request, context);
    }

    /// <summary>Answers one message after the other, in their order: the next is read when the answer is sent. What fails is told in its answer, and the stream goes on.</summary>
    [Requires(Role.Predictor, Scope = ScopeRule.Function)]
    public virtual async Task ModelStreamInfer(IAsyncStreamReader<InferMessage> requests, IServerStreamWriter<ModelStreamInferResponse> replies, ServerCallContext context)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        for (var isFirst = true; await NextAsync(requests, stopping.Token); isFirst = false)
        {
            using var request = requests.Current;
            var reply = await StreamedAsync(request, isFirst, context);
            await replies.WriteAsync(reply, context.CancellationToken);
            MemoryOf(context).ReleaseReply();
        }
    }

    /// <summary>Adds the methods: gRPC calls it, and finds each by its name.</summary>
    public static void Bind(ServiceBinderBase binder, InferenceService? service)
    {
        Add(binder, nameof(ServerLive), ServerLiveRequest.Parser, ServerLiveResponse.Parser);
        Add(binder, nameof(ServerReady), ServerReadyRequest.Parser, ServerReadyResponse.Parser);
        Add(binder, nameof(ModelReady), ModelReadyRequest.Parser, ModelReadyResponse.Parser);
        Add(binder, nameof(ServerMetadata), ServerMetadataRequest.Parser, ServerMetadataResponse.Parser);
        Add(binder, nameof(ModelMetadata), ModelMetadataRequest.Parser, ModelMetadataResponse.Parser);
        Add(binder, nameof(ModelConfig), ModelConfigRequest.Parser, ModelConfigResponse.Parser);
        Add(binder, nameof(ModelStatistics), ModelStatisticsRequest.Parser, ModelStatisticsResponse.Parser);
        Add(binder, nameof(RepositoryIndex), RepositoryIndexRequest.Parser, RepositoryIndexResponse.Parser);
        Add(binder, nameof(RepositoryModelLoad), RepositoryModelLoadRequest.Parser, RepositoryModelLoadResponse.Parser);
        Add(binder, nameof(RepositoryModelUnload), RepositoryModelUnloadRequest.Parser, RepositoryModelUnloadResponse.Parser);
        var inferences = new Marshaller<InferMessage>((_, _) => throw new NotSupportedException(), InferMessage.Read);
        binder.AddMethod(new Method<InferMessage, ModelInferResponse>(MethodType.Unary, Name, nameof(ModelInfer), inferences, Answer(ModelInferResponse.Parser)), (UnaryServerMethod<InferMessage, ModelInferResponse>?)null);
        binder.AddMethod(
            new Method<InferMessage, ModelStreamInferResponse>(MethodType.DuplexStreaming, Name, nameof(ModelStreamInfer), inferences, Answer(ModelStreamInferResponse.Parser)),
            (DuplexStreamingServerMethod<InferMessage, ModelStreamInferResponse>?)null);
    }

    private async Task<ModelInferResponse> InferAsync(InferHead head, InferMessage message, ServerCallContext context)
    {
        var exchange = new InferExchange(message, head, MemoryOf(context), context.Deadline == DateTime.MaxValue ? null : context.Deadline - DateTime.UtcNow);
        await engine.RunAsync(await RequireScopeAsync(context, head.ModelName, head.ModelVersion), exchange, context.CancellationToken);
        return exchange.Reply!;
    }

    private async Task<ModelStreamInferResponse> StreamedAsync(InferMessage message, bool isFirst, ServerCallContext context)
    {
        InferHead? head = null;
        try
        {
            head = new InferHead(message.Bytes);
            // The call as a whole was asked for before its first message. A token may be revoked while it goes on.
            if (!isFirst)
                await RequireAccessAsync(context);
            return new ModelStreamInferResponse { InferResponse = await InferAsync(head, message, context) };
        }
        catch (Exception exception) when (!context.CancellationToken.IsCancellationRequested)
        {
            MemoryOf(context).ReleaseReply();
            return new ModelStreamInferResponse
            {
                ErrorMessage = errors.StatusOf(exception, context).Detail,
                // So that a client can tell which of its requests it was.
                InferResponse = new ModelInferResponse { ModelName = head?.ModelName ?? "", ModelVersion = head?.ModelVersion ?? "", Id = head?.Id ?? "" },
            };
        }
    }

    private async Task<bool> NextAsync(IAsyncStreamReader<InferMessage> requests, CancellationToken cancellationToken)
    {
        try
        {
            return await requests.MoveNext(cancellationToken);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The server stops."));
        }
    }

    private async Task RequireAccessAsync(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var call = http.GetEndpoint()!.Metadata.GetRequiredMetadata<CallAccess>();
        if (await gate.DecideAsync(http, call.Name, call.Entry) is { Caller: null } refusal)
            throw new RpcException(new Status(CallErrors.CodeOf(refusal.Kind), refusal.Sentence));
    }

    private async ValueTask<string> RequireScopeAsync(ServerCallContext context, string name, string version)
    {
        var reference = version.Length == 0 ? name : $"{name}:{version}";
        await scopes.RequireAsync(CallerOf(context), reference.Split(':')[0], context.CancellationToken);
        return reference;
    }

    private static Caller CallerOf(ServerCallContext context) => context.GetHttpContext().Request.Caller();

    private static CallMemory MemoryOf(ServerCallContext context) => context.GetHttpContext().Features.GetRequiredFeature<CallMemory>();

    private static void Add<TRequest, TResponse>(ServiceBinderBase binder, string name, MessageParser<TRequest> requests, MessageParser<TResponse> answers)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        binder.AddMethod(new Method<TRequest, TResponse>(MethodType.Unary, Name, name, Small(requests), Answer(answers)), (UnaryServerMethod<TRequest, TResponse>?)null);

    private static Marshaller<T> Small<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        // Fields that Larder does not know would be kept for nothing.
        var known = parser.WithDiscardUnknownFields(true);
        return new Marshaller<T>((_, _) => throw new NotSupportedException(), context => Read(known, context));
    }

    private static T Read<T>(MessageParser<T> parser, DeserializationContext context)
        where T : class, IMessage<T>
    {
        if (context.PayloadLength > MostBytes)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"This message is limited to {MostBytes} bytes."));
        try
        {
            return parser.ParseFrom(context.PayloadAsReadOnlySequence());
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "The bytes are not a message of Protocol Buffers."));
        }
    }

    private static Marshaller<T> Answer<T>(MessageParser<T> _)
        where T : class, IMessage<T> => new(Write, _ => throw new NotSupportedException());

    private static void Write<T>(T message, SerializationContext context)
        where T : class, IMessage<T>
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }
}
