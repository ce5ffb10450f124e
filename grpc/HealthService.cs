using Grpc.Core;
using Grpc.Health.V1;
using Larder.Functions.Access;
using Larder.Functions.Operations;
using Larder.Registry.Access;
using Microsoft.Extensions.Hosting;
using Health = Grpc.Health.V1.Health;

namespace Larder.Grpc;

/// <summary>
/// The health protocol of gRPC (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): it serves where <c>GET /readyz</c> is 200. All its callers together ask the storage once in a second at most.
/// </summary>
internal sealed class HealthService(Readiness readiness, IHostApplicationLifetime lifetime, TimeProvider time) : Health.HealthBase
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<bool> _asked = Task.FromResult(false);
    private long? _askedAt;

    /// <inheritdoc />
    [Requires(Role.None, IsProbe = true)]
    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => IsKnown(request.Service)
        ? new HealthCheckResponse { Status = await StatusAsync(context.CancellationToken) }
        : throw new RpcException(new Status(StatusCode.NotFound, $"There is no such service; the services are \"\" and {InferenceService.Name}."));

    /// <inheritdoc />
    [Requires(Role.None, IsProbe = true)]
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        HealthCheckResponse.Types.ServingStatus? sent = null;
        try
        {
            while (true)
            {
                var status = IsKnown(request.Service) ? await StatusAsync(ending.Token) : HealthCheckResponse.Types.ServingStatus.ServiceUnknown;
                if (status != sent)
                    await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, ending.Token);
                sent = status;
                await Task.Delay(Interval, time, ending.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            await responseStream.WriteAsync(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.NotServing }, context.CancellationToken);
        }
    }

    private static bool IsKnown(string service) => service.Length == 0 || service == InferenceService.Name;

    private async Task<HealthCheckResponse.Types.ServingStatus> StatusAsync(CancellationToken cancellationToken)
    {
        Task<bool> asked;
        lock (_gate)
        {
            if (_askedAt is not { } at || (_asked.IsCompleted && time.GetElapsedTime(at) >= Interval))
                (_askedAt, _asked) = (time.GetTimestamp(), IsReadyAsync());
            asked = _asked;
        }

        return await asked.WaitAsync(cancellationToken) ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing;
    }

    // Not a caller's token: others wait for the same answer.
    private async Task<bool> IsReadyAsync() => (await readiness.WaitingForAsync(lifetime.ApplicationStopping)).Count == 0;
}
