namespace Larder.Tracking;

/// <summary>Which of experiments or runs are meant: MLflow's <c>ViewType</c>.</summary>
public enum LifecycleView
{
    /// <summary>Those that are not deleted.</summary>
    Active,

    /// <summary>Those that are.</summary>
    Deleted,

    /// <summary>All.</summary>
    All,
}

/// <summary>What a view has.</summary>
internal static class LifecycleViews
{
    public static bool Has(this LifecycleView view, bool isActive) => view switch
    {
        LifecycleView.Active => isActive,
        LifecycleView.Deleted => !isActive,
        _ => true,
    };
}
